"""Psychographic: status, novelty or thrift, read from prices, launches and discounts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from features.codings.frames import NOT_KNOWN, customers_frame
from features.definition import Code, Coding, Fitted, Known

if TYPE_CHECKING:
    import pandas as pd

#: What speaks for each trait, and which way: features of the catalogue with their sign.
TRAITS: Mapping[str, Mapping[str, float]] = {
    "status": {"price_tier_share": 1.0, "brand_premium_ratio": 1.0, "upper_tier_piece_share": 1.0},
    "novelty": {"early_adoption_product_share": 1.0, "mean_adoption_days": -1.0},
    "thrift": {
        "discounted_line_share": 1.0,
        "discount_share_365d": 1.0,
        "promoted_line_share": 1.0,
        "price_tier_share": -1.0,
    },
}
BALANCED = "balanced"
#: From so many standard deviations above the mean on, a trait leads.
LEADS = 0.5
#: Orders below which a share says little; its score is drawn towards 0.
FEW_ORDERS = 3.0
FARTHEST = 3.0


def _columns() -> list[str]:
    return list(dict.fromkeys(name for trait in TRAITS.values() for name in trait))


def _fit(known: Known, _seed: int) -> Fitted:
    frame = customers_frame(known, _columns()).astype("float64")
    spread = frame.std(ddof=1)
    return {
        "mean": {str(n): float(v) for n, v in frame.mean().dropna().items()},
        "deviation": {str(n): float(v) for n, v in spread.dropna().items() if v > 0},
    }


def _apply(fitted: Fitted, known: Known) -> "pd.DataFrame":
    import pandas as pd

    frame = customers_frame(known, [*_columns(), "order_count"]).astype("float64")
    orders = frame["order_count"].fillna(0)
    trust = orders / (orders + FEW_ORDERS)
    scores = {}
    for trait, parts in TRAITS.items():
        usable = [name for name in parts if name in fitted["deviation"]]
        sides = [
            sign * (frame[name] - fitted["mean"][name]) / fitted["deviation"][name]
            for name, sign in parts.items()
            if name in usable
        ]
        mean = (
            pd.concat(sides, axis=1).mean(axis=1) if sides else frame["order_count"] * float("nan")
        )
        scores[f"{trait}_score"] = (mean.clip(-FARTHEST, FARTHEST) * trust).where(mean.notna())
    found = pd.DataFrame(scores)
    known_rows = found.notna().any(axis=1)
    lead = found.fillna(-FARTHEST).set_axis(list(TRAITS), axis=1).idxmax(axis=1).astype("object")
    code = lead.where(found.max(axis=1) >= LEADS, BALANCED).where(known_rows, NOT_KNOWN)
    return pd.concat([code.rename("psychographic"), found], axis=1)


def _describe(_fitted: Fitted) -> list[Code]:
    return [
        Code(
            "status",
            {"en": "Status", "zh-TW": "重視品牌地位"},
            {
                "en": "Chooses the dearer products and brands of a category.",
                "zh-TW": "在同類商品中偏好高價位與高價品牌。",
            },
        ),
        Code(
            "novelty",
            {"en": "Novelty", "zh-TW": "追求新品"},
            {"en": "Buys soon after a launch.", "zh-TW": "新品上市後很快購買。"},
        ),
        Code(
            "thrift",
            {"en": "Thrift", "zh-TW": "精打細算"},
            {
                "en": "Waits for discounts and promotions, or takes the cheaper product.",
                "zh-TW": "常等待折扣與促銷，或選擇較低價商品。",  # noqa: RUF001
            },
        ),
        Code(
            BALANCED,
            {"en": "Balanced", "zh-TW": "均衡"},
            {
                "en": "No trait stands out by half a standard deviation.",
                "zh-TW": "沒有任何特質高出平均半個標準差。",
            },
        ),
        Code(
            NOT_KNOWN,
            {"en": "Not known", "zh-TW": "尚無資料"},
            {"en": "Has bought nothing that tells.", "zh-TW": "尚無可判斷的購買紀錄。"},
        ),
    ]


psychographic = Coding(
    name="psychographic",
    label={"en": "Psychographic", "zh-TW": "心理特徵"},
    fit=_fit,
    apply=_apply,
    describe=_describe,
)
"""Column `psychographic`, and the three scores in standard deviations of the fitted members."""
