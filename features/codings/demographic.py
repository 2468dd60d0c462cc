"""Demographic: who a customer is, by stage of life."""

from typing import TYPE_CHECKING

from features.codings.frames import NOT_KNOWN, customers_frame
from features.definition import Code, Coding, Fitted, Known

if TYPE_CHECKING:
    import pandas as pd

STAGES = {
    "young": ("Young singles", "年輕單身"),
    "couple": ("Couples without children", "已婚無子女"),
    "family": ("Families with children", "有子女家庭"),
    "single": ("Singles from 35 on", "35 歲以上單身"),
    "senior": ("Seniors from 60 on", "60 歲以上長者"),
    NOT_KNOWN: ("Age unknown", "年齡不詳"),
}


def _fit(known: Known, _seed: int) -> Fitted:
    frame = customers_frame(known, ("life_stage", "age_years"))
    stage = frame["life_stage"].fillna(NOT_KNOWN)
    ages = frame["age_years"].astype("float64").groupby(stage).median()
    return {
        "share": {name: float((stage == name).mean()) for name in STAGES},
        "median_age_years": {str(n): float(a) for n, a in ages.dropna().items()},
    }


def _apply(_fitted: Fitted, known: Known) -> "pd.DataFrame":
    frame = customers_frame(known, ("life_stage",))
    return frame["life_stage"].fillna(NOT_KNOWN).rename("demographic").to_frame()


def _describe(fitted: Fitted) -> list[Code]:
    codes = []
    for name, (en, zh) in STAGES.items():
        share, age = fitted["share"][name], fitted["median_age_years"].get(name)
        old = ("", "") if age is None else (f", median age {age:.0f}", f"，年齡中位數 {age:.0f} 歲")  # noqa: RUF001
        codes.append(
            Code(
                name,
                {"en": en, "zh-TW": zh},
                {
                    "en": f"{share:.0%} of members when it was fitted{old[0]}.",
                    "zh-TW": f"建立編碼時占會員 {share:.0%}{old[1]}。",
                },
            )
        )
    return codes


demographic = Coding(
    name="demographic",
    label={"en": "Demographic", "zh-TW": "人口特徵"},
    fit=_fit,
    apply=_apply,
    describe=_describe,
)
"""Column `demographic`: the stage of life, or `unknown`. Only the descriptions are fitted."""
