"""A customer's own value of a feature, said in English and in Traditional Chinese."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from features.definition import Feature


class Phrase(NamedTuple):
    """The same thing in English and in Traditional Chinese."""

    en: str
    zh: str


#: What Chinese counts the values of a unit in; a share or a text needs nothing.
COUNTERS: Mapping[str, str] = {
    "days": "天",
    "years": "歲",
    "hours": "小時",
    "orders": "筆",
    "lines": "項",
    "pieces": "件",
    "products": "項",
    "families": "個",
    "categories": "個",
    "brands": "個",
    "stores": "家",
    "channels": "個",
    "customers": "人",
    "persons": "人",
    "interests": "項",
    "interactions": "次",
    "contacts": "次",
    "opens": "次",
    "answers": "份",
    "cases": "件",
    "returns": "項",
    "month": "月",
}
#: Numbers from here on are whole; below, one digit says more.
_WHOLE_FROM = 10
_A_HUNDREDTH = 0.01


def phrase(feature: Feature, value: Any) -> Phrase:
    """Say what a customer's value is.

    Parameters
    ----------
    feature : Feature
        What the value is of; its labels and its unit are used.
    value : int, float, str, bool or missing
        The customer's own.

    Examples
    --------
    >>> from features.recency import days_since_last_purchase
    >>> phrase(days_since_last_purchase, 3)
    Phrase(en='3 days since the last purchase', zh='距上次購買 3 天')
    >>> from features.money import spend_amount
    >>> phrase(spend_amount, 1234.5)
    Phrase(en='Spent so far: 1,234', zh='累計消費金額：1,234')
    """
    en, zh = feature.label["en"], feature.label["zh-TW"]
    if is_missing(value):
        none = Phrase("unknown", "未知") if feature.unit == "text" else Phrase("none", "無")
        return Phrase(f"{en}: {none.en}", f"{zh}：{none.zh}")
    if feature.unit == "flag":
        yes = bool(value)
        return Phrase(f"{en}: {'yes' if yes else 'no'}", f"{zh}：{'是' if yes else '否'}")
    told = spoken(value, feature.unit)
    counter = COUNTERS.get(feature.unit, "")
    if feature.unit == "days" and en.startswith("Days "):
        days = "day" if told == "1" else "days"
        en = f"{told} {days} {en.removeprefix('Days ')}"
    else:
        en = f"{en}: {told}"
    counted = f"{told} {counter}".rstrip()
    if feature.unit == "days" and zh.endswith("天數"):
        return Phrase(en, f"{zh.removesuffix('天數')} {counted}")
    return Phrase(en, f"{zh}：{counted}")


def spoken(value: Any, unit: str) -> str:
    """Write a value as a person would.

    Examples
    --------
    >>> spoken(0.125, "share"), spoken(12.4, "days"), spoken(2.46, "ratio"), spoken(1e6, "currency")
    ('12%', '12', '2.5', '1,000,000')
    """
    if isinstance(value, str):
        return value
    number = float(value)
    if unit == "share":
        small = 0 < abs(number) < _A_HUNDREDTH
        return f"{number:.1%}" if small else f"{number:.0%}"
    if number.is_integer() or abs(number) >= _WHOLE_FROM:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 1 else f"{number:.2g}"


def is_missing(value: Any) -> bool:
    """Tell whether there is no value: None, NaN or pandas' NA."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
