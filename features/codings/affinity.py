"""Affinity: the needs that a customer's purchases point to, against what is usual.

A category is held against what a customer with so many purchases usually has of it. The
quotient is drawn towards 1 by a gamma prior [1]_: a single purchase of something rare is no
taste yet, and would otherwise look like the strongest of all.

References
----------
.. [1] DuMouchel, W. (1999). Bayesian data mining in large frequency tables, with an
   application to the FDA spontaneous reporting system. Am. Stat. 53, 177-190.
"""

from typing import TYPE_CHECKING

from features.codings.frames import everybody, purchases_frame
from features.definition import Code, Coding, Fitted, Known

if TYPE_CHECKING:
    import pandas as pd

#: Strength of the prior, in purchases.
LENT = 4.0
#: From this multiple of the usual on, a category stands out.
STANDS_OUT = 1.25
BROAD = "broad"
#: Share taken for a category that did not exist when the coding was fitted.
RARE = 0.001


def _fit(known: Known, _seed: int) -> Fitted:
    bought = purchases_frame(known, "category")
    total = float(bought["purchases"].sum())
    shares = bought.groupby("value")["purchases"].sum() / (total or 1.0)
    return {"usual_share": {str(name): float(share) for name, share in shares.items()}}


def _apply(fitted: Fitted, known: Known) -> "pd.DataFrame":
    import pandas as pd

    bought = purchases_frame(known, "category")
    usual = bought["value"].map(fitted["usual_share"]).astype("float64").fillna(RARE)
    total = bought.groupby("customer_id")["purchases"].transform("sum")
    bought["index"] = (bought["purchases"] + LENT) / (total * usual.clip(lower=RARE) + LENT)
    best = bought.sort_values(
        ["customer_id", "index", "purchases", "value"], ascending=[True, False, False, True]
    ).drop_duplicates("customer_id")
    best = best.set_index("customer_id").reindex(everybody(known))
    code = best["value"].astype("object").where(best["index"] >= STANDS_OUT, BROAD)
    return pd.DataFrame({"affinity": code, "affinity_ratio": best["index"].astype("float64")})


def _describe(fitted: Fitted) -> list[Code]:
    codes = [
        Code(
            name,
            {"en": f"Drawn to {name}", "zh-TW": f"偏好「{name}」"},
            {
                "en": f"Buys {name} clearly more often than usual; usually it is {share:.0%} "
                "of purchases.",
                "zh-TW": f"購買「{name}」明顯多於一般會員（一般占購買次數 {share:.0%}）。",  # noqa: RUF001
            },
        )
        for name, share in sorted(fitted["usual_share"].items())
    ]
    broad = Code(
        BROAD,
        {"en": "No single affinity", "zh-TW": "無明顯偏好"},
        {
            "en": "Buys across categories as most members do, or has not bought enough to tell.",
            "zh-TW": "各品類購買與一般會員相近，或購買次數尚不足以判斷。",  # noqa: RUF001
        },
    )
    return [*codes, broad]


affinity = Coding(
    name="affinity",
    label={"en": "Affinity", "zh-TW": "需求偏好"},
    fit=_fit,
    apply=_apply,
    describe=_describe,
)
"""Column `affinity` (a category, or `broad`) and `affinity_ratio`, how many times the usual."""
