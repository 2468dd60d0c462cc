"""The columns of the codings, as models declare them and marketers read them."""

from features.codings.affinity import affinity
from features.codings.cluster import cluster
from features.codings.demographic import demographic
from features.codings.lifestyle import lifestyle
from features.codings.psychographic import psychographic
from features.definition import Coded, Coding


def _column(
    coding: Coding, description: str, *, name: str = "", unit: str = "text", en: str = "",
    zh: str = "",
) -> Coded:  # fmt: skip
    label = {"en": en, "zh-TW": zh} if name else coding.label
    return Coded(
        name=name or coding.name, unit=unit, label=label, description=description, coding=coding
    )


_SCORE = "Standard deviations from the members it was fitted on, drawn to 0 by few orders; null "

#: By name; `features=(..., CODED["cluster"])` shows one to a model.
CODED: dict[str, Coded] = {
    one.name: one
    for one in (
        _column(
            affinity,
            "The category that stands out against the usual, or `broad`; never null.",
        ),
        _column(
            affinity,
            "How many times the usual the member buys of the category that stands out most; null "
            "without a purchase.",
            name="affinity_ratio",
            unit="ratio",
            en="Strength of the affinity",
            zh="需求偏好強度（與一般會員之比）",  # noqa: RUF001
        ),
        _column(demographic, "Stage of life, or `unknown`; never null."),
        _column(
            psychographic,
            "The trait that stands out: `status`, `novelty`, `thrift`, `balanced` or `unknown`; "
            "never null.",
        ),
        _column(
            psychographic,
            _SCORE + "where no price and no brand is known.",
            name="status_score",
            unit="score",
            en="Leaning towards dear brands",
            zh="重視品牌地位程度",
        ),
        _column(
            psychographic,
            _SCORE + "where no launch is known.",
            name="novelty_score",
            unit="score",
            en="Leaning towards new products",
            zh="追求新品程度",
        ),
        _column(
            psychographic,
            _SCORE + "where neither discounts nor prices are known.",
            name="thrift_score",
            unit="score",
            en="Leaning towards bargains",
            zh="精打細算程度",
        ),
        _column(lifestyle, "The topic that most purchases belong to, or `mixed`; never null."),
        _column(
            lifestyle,
            "Share of the strongest topic in what the member bought; null without a purchase "
            "of a category.",
            name="lifestyle_share",
            unit="share",
            en="Share of the leading lifestyle",
            zh="主要生活型態占比",
        ),
        _column(cluster, "The segment whose centre is nearest, or `never_bought`; never null."),
    )
}
