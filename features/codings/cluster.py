"""Clusters: segments of customers who behave alike, with a portrait each."""

from typing import TYPE_CHECKING, Any

from features.codings.frames import customers_frame, everybody, thinned
from features.definition import Code, Coding, Fitted, Known

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: What customers are compared by; True where the logarithm is compared.
TRAITS: dict[str, bool] = {
    "days_since_last_purchase": True,
    "order_count_365d": True,
    "spend_amount_365d": True,
    "mean_order_amount": True,
    "order_trend_ratio_180d": False,
    "bought_category_count": True,
    "discounted_line_share": False,
    "online_order_share": False,
    "price_tier_share": False,
}
FEWEST, MOST = 4, 8
#: Customers whose silhouette is measured to choose the number of clusters.
MEASURED = 3_000
NEVER = "never_bought"
#: Deviations from the mean that a portrait mentions.
MENTIONED = 0.4
_WORDS = {
    "days_since_last_purchase": (("long away", "久未購買"), ("here lately", "近期有購買")),
    "order_count_365d": (("buys often", "購買頻繁"), ("buys rarely", "很少購買")),
    "spend_amount_365d": (("spends much", "消費金額高"), ("spends little", "消費金額低")),
    "mean_order_amount": (("large orders", "客單價高"), ("small orders", "客單價低")),
    "order_trend_ratio_180d": (("buys more than before", "購買增加"), ("buys less", "購買減少")),
    "bought_category_count": (("many categories", "品類廣"), ("few categories", "品類少")),
    "discounted_line_share": (("likes discounts", "偏好折扣"), ("pays full price", "多以原價購買")),
    "online_order_share": (("buys online", "線上購買"), ("buys in stores", "門市購買")),
    "price_tier_share": (("dear products", "高價位商品"), ("cheap products", "低價位商品")),
}


def _fit(known: Known, seed: int) -> Fitted:
    import numpy as np

    frame = thinned(_buyers(known))
    spread = frame.std(ddof=1)
    used = [name for name in TRAITS if spread[name] > 0]
    if len(frame) < MOST * 10 or not used:
        return {"used": [], "centres": [], "sizes": []}
    median, mean = frame[used].median(), frame[used].fillna(frame[used].median()).mean()
    fitted: Fitted = {
        "used": used,
        "median": [float(median[name]) for name in used],
        "mean": [float(mean[name]) for name in used],
        "deviation": [float(spread[name]) for name in used],
    }
    points = _points(fitted, frame)
    centres = _centres(points, seed)
    nearest = _nearest(points, centres)
    sizes = np.bincount(nearest, minlength=len(centres)) / len(points)
    order = np.argsort(-sizes, kind="stable")
    return {
        **fitted,
        "centres": [[round(float(v), 8) for v in centres[c]] for c in order],
        "sizes": [float(sizes[c]) for c in order],
    }


def _buyers(known: Known) -> "pd.DataFrame":
    import numpy as np

    frame = customers_frame(known, list(TRAITS)).astype("float64")
    frame = frame[frame["days_since_last_purchase"].notna()]
    for name, logarithm in TRAITS.items():
        if logarithm:
            frame[name] = np.log1p(frame[name].clip(lower=0))
    return frame


def _points(fitted: Fitted, frame: "pd.DataFrame") -> "np.ndarray[Any, Any]":
    """Return standardised rows; what is unknown of somebody is taken to be the median."""
    import numpy as np

    rows = frame[fitted["used"]].to_numpy()
    rows = np.where(np.isnan(rows), fitted["median"], rows)
    return np.asarray((rows - fitted["mean"]) / fitted["deviation"]).clip(-3.0, 3.0)


def _centres(points: "np.ndarray[Any, Any]", seed: int) -> "np.ndarray[Any, Any]":
    """Return the centres of as many clusters as have the best silhouette [1]_.

    References
    ----------
    .. [1] Rousseeuw, P. J. (1987). Silhouettes: a graphical aid to the interpretation and
       validation of cluster analysis. J. Comput. Appl. Math. 20, 53-65.
    """
    import numpy as np
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    step = -(-len(points) // MEASURED)
    some = points[::step]
    best: tuple[float, np.ndarray[Any, Any]] | None = None
    for number in range(FEWEST, MOST + 1):
        model = KMeans(number, n_init=4, random_state=seed).fit(points)
        score = float(silhouette_score(some, model.predict(some)))
        if best is None or score > best[0]:
            best = score, model.cluster_centers_
    if best is None:
        raise AssertionError("there is at least one number of clusters")
    return best[1]


def _nearest(points: "np.ndarray[Any, Any]", centres: Any) -> "np.ndarray[Any, Any]":
    import numpy as np

    distances = [((points - centre) ** 2).sum(axis=1) for centre in np.asarray(centres)]
    return np.asarray(np.argmin(distances, axis=0))


def _apply(fitted: Fitted, known: Known) -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    people = everybody(known)
    code = pd.Series(NEVER, index=people, name="cluster", dtype="object")
    frame = _buyers(known)
    if len(frame) and fitted["centres"]:
        nearest = _nearest(_points(fitted, frame), fitted["centres"])
        names = np.array([_code(n) for n in range(len(fitted["centres"]))], dtype=object)
        code.loc[frame.index] = names[nearest]
    elif len(frame):
        code.loc[frame.index] = _code(0)
    return code.to_frame()


def _code(number: int) -> str:
    return f"segment_{number + 1}"


def _describe(fitted: Fitted) -> list[Code]:
    codes = []
    if not fitted["centres"]:
        everyone = {"en": "All buyers", "zh-TW": "所有購買會員"}
        too_few = {"en": "Too few buyers to tell segments.", "zh-TW": "購買會員太少，無法分群。"}  # noqa: RUF001
        codes.append(Code(_code(0), everyone, too_few))
    for number, centre in enumerate(fitted["centres"]):
        ranked = sorted(zip(fitted["used"], centre, strict=True), key=lambda p: (-abs(p[1]), p[0]))
        said = [(_WORDS[name][0 if z > 0 else 1], z) for name, z in ranked if abs(z) >= MENTIONED]
        english = [words[0] for words, _ in said] or ["average in everything"]
        chinese = [words[1] for words, _ in said] or ["各方面接近平均"]
        size = fitted["sizes"][number]
        codes.append(
            Code(
                _code(number),
                {"en": ", ".join(english[:2]).capitalize(), "zh-TW": "、".join(chinese[:2])},
                {
                    "en": f"{size:.0%} of buyers when it was fitted: {', '.join(english)}.",
                    "zh-TW": f"建立編碼時占購買會員 {size:.0%}：{'、'.join(chinese)}。",  # noqa: RUF001
                },
            )
        )
    never = Code(
        NEVER,
        {"en": "Never bought", "zh-TW": "尚未購買"},
        {"en": "Members without a purchase.", "zh-TW": "尚無購買紀錄的會員。"},
    )
    return [*codes, never]


cluster = Coding(
    name="cluster",
    label={"en": "Segment", "zh-TW": "客群"},
    fit=_fit,
    apply=_apply,
    describe=_describe,
)
"""Column `cluster`: a segment, the largest first, or `never_bought`."""


def stability(one: Fitted, other: Fitted, known: Known) -> float:
    """Return how alike two fitted codings segment the same buyers: the adjusted Rand index [1]_.

    1 is the same segments whatever their names, 0 is chance. Fitted on two snapshots and
    asked at the later one, it says whether segments survive a refit.

    References
    ----------
    .. [1] Hubert, L. and Arabie, P. (1985). Comparing partitions. J. Classif. 2, 193-218.
    """
    from sklearn.metrics import adjusted_rand_score

    frames = [_apply(fitted, known)["cluster"] for fitted in (one, other)]
    buyers = frames[0] != NEVER
    return float(adjusted_rand_score(*(frame[buyers] for frame in frames)))
