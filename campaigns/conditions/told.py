"""Conditions in words: English, and the Traditional Chinese of Taiwan."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from campaigns.conditions import condition as c
from campaigns.conditions.parts import Compared, Part, Products, Range


class Told(NamedTuple):
    """The same in two languages."""

    en: str
    zh: str


class _Clauses(NamedTuple):
    en: list[str]
    zh: list[str]


def told(condition: Any) -> Told:
    """Say who meets a condition.

    Examples
    --------
    >>> france = c.CustomerIs(customer="city", one_of=("France",))
    >>> told(c.Not(negated=france)).en
    'not (city is France)'
    """
    if isinstance(condition, c.Not):
        inner = told(condition.negated)
        return Told(f"not ({inner.en})", f"非（{inner.zh}）")
    if isinstance(condition, c.AllOf | c.AnyOf):
        return _joined(condition)
    return _TOLD[type(condition)](condition)


def _joined(condition: c.AllOf | c.AnyOf) -> Told:
    both = isinstance(condition, c.AllOf)
    inner = [
        Told(f"({words.en})", f"（{words.zh}）")
        if isinstance(one, c.AllOf | c.AnyOf) and len(c.parts_of(one)) > 1
        else words
        for one, words in ((one, told(one)) for one in c.parts_of(condition))
    ]
    return Told(
        (" and " if both else " or ").join(one.en for one in inner),
        ("，且" if both else "，或").join(one.zh for one in inner),
    )


def _compared(name: str, one: Compared) -> Told:
    en, zh = [], []
    if one.one_of is not None:
        en.append(f"is {_or(one.one_of)}")
        zh.append(f"為{_zh_or(one.one_of)}")
    if one.not_in is not None:
        en.append(f"is not {_or(one.not_in)}")
        zh.append(f"不為{_zh_or(one.not_in)}")
    if one.at_least is not None:
        en.append(f"is at least {_plain(one.at_least)}")
        zh.append(f"至少為 {_plain(one.at_least)}")
    if one.at_most is not None:
        en.append(f"is at most {_plain(one.at_most)}")
        zh.append(f"至多為 {_plain(one.at_most)}")
    if one.known is not None:
        en.append("is known" if one.known else "is not known")
        zh.append("已知" if one.known else "不詳")
    return Told(f"{name} {' and '.join(en)}", f"{name} {'且'.join(zh)}")


def _customer(one: c.CustomerIs) -> Told:
    words = _compared(one.customer, one)
    return words._replace(zh=words.zh.replace(one.customer, _ZH.get(one.customer, one.customer), 1))


def _bought(one: c.Bought) -> Told:
    what = products_told(one.bought)
    en, zh = [f"has bought {what.en}"], [f"買過{what.zh}"]
    for range_, name, chinese, unit in (
        (one.times, "times", "次數", "次"),
        (one.pieces, "pieces", "件數", "件"),
        (one.amount, "spent", "金額", "元"),
    ):
        if range_ is not None and range_ != c.ONCE:
            words = _range(range_)
            en.append(f"{words.en} {name}")
            zh.append(f"{chinese}{words.zh}{unit}")
    for texts, english, chinese in ((one.store, "in store", "門市"), (one.channel, "over", "通路")):
        if texts is not None:
            en.append(f"{english} {_or(texts)}")
            zh.append(f"{chinese}為{_zh_or(texts)}")
    when = _days(one)
    return Told(", ".join((*en, *when.en)), "，".join((*zh, *when.zh)))


def _contacted(one: c.Contacted) -> Told:
    what = _named(one.contacted, {"campaign": "活動", "channel": "管道", "status": "狀態"})
    return _happened(one, Told(f"was contacted{what.en}", f"曾被聯絡{what.zh}"))


def _interacted(one: c.Interacted) -> Told:
    what = _named(one.interacted, {"kind": "類型", "subject": "對象"})
    return _happened(one, Told(f"was active{what.en}", f"曾有互動{what.zh}"))


def _happened(one: c.Counted, what: Told) -> Told:
    when, often = _days(one), _range(one.times)
    en, zh = [what.en, *when.en], [what.zh, *when.zh]
    if one.times != c.ONCE:
        en.insert(1, f"{often.en} times")
        zh.insert(1, f"次數{often.zh}次")
    return Told(", ".join(en), "，".join(zh))


def _owed(one: c.Owed) -> Told:
    bought, gift = products_told(one.owed), products_told(one.gift)
    return Told(
        f"is owed {one.at_least} or more of {gift.en}, one for every {one.for_every} pieces "
        f"bought of {bought.en}",
        f"每買 {one.for_every} 件{bought.zh}得一件{gift.zh}，尚欠至少 {one.at_least} 件",
    )


def _runs_out(one: c.RunsOut) -> Told:
    what = products_told(one.runs_out)
    late = (
        Told(
            f", or ran out up to {one.overdue_days} days ago",
            f"，或在 {one.overdue_days} 天內已用完",
        )
        if one.overdue_days
        else Told("", "")
    )
    return Told(
        f"runs out of {what.en} within {one.within_days} days{late.en}",
        f"{what.zh}在 {one.within_days} 天內用完{late.zh}",
    )


def _due(one: c.Due) -> Told:
    names = one.due.category
    what = Told(_or(names), _zh_or(names)) if names else Told("anything", "任何類別")
    likely = _range(one.probability) if one.probability else None
    return Told(
        f"is due to buy {what.en} again within {one.within_days} days"
        + (f", with a probability of {likely.en}" if likely else ""),
        f"預計 {one.within_days} 天內再次購買{what.zh}" + (f"，機率{likely.zh}" if likely else ""),
    )


def _scored(one: c.Scored) -> Told:
    en, zh = [], []
    if one.at_least is not None or one.at_most is not None:
        words = _range(Range(at_least=one.at_least, at_most=one.at_most))
        en.append(f"has a score of {words.en} by {one.score}")
        zh.append(f"{one.score} 分數{words.zh}")
    if one.best_share is not None:
        en.append(f"is among the best {one.best_share:.4g} of those scored by {one.score}")
        zh.append(f"在 {one.score} 評分者中名列前 {one.best_share:.4g}")
    return Told(
        " and ".join(en) or f"is scored by {one.score}", "且".join(zh) or f"有 {one.score} 分數"
    )


def _answered(one: c.Answered) -> Told:
    en = f" {_or(one.one_of)}" if one.one_of else ""
    zh = f"為{_zh_or(one.one_of)}" if one.one_of else ""
    return Told(f"answered {one.answered}{en}", f"問卷 {one.answered} 的回答{zh or '已知'}")


def products_told(one: Products) -> Told:
    """Say which products are chosen."""
    if one == Products():
        return Told("anything", "任何商品")
    en, zh = [], []
    for name, chinese in _PRODUCT.items():
        value = getattr(one, name)
        if value is None:
            continue
        words = _range(value) if isinstance(value, Range) else Told(_or(value), _zh_or(value))
        en.append(f"{name.replace('_', ' ').removesuffix(' id')} {words.en}")
        zh.append(f"{chinese}為{words.zh}" if not isinstance(value, Range) else chinese + words.zh)
    return Told(", ".join(en), f"「{'、'.join(zh)}」")


def _named(one: Part, chinese: Mapping[str, str]) -> Told:
    en, zh = [], []
    for name, word in chinese.items():
        texts = getattr(one, name)
        if texts is not None:
            en.append(f", {name} {_or(texts)}")
            zh.append(f"，{word}為{_zh_or(texts)}")
    return Told("".join(en), "".join(zh))


def _days(one: c.Counted) -> _Clauses:
    en, zh = [], []
    if one.within_days is not None:
        en.append(f"in the last {one.within_days} days")
        zh.append(f"最近 {one.within_days} 天內")
    if one.since is not None:
        en.append(f"from {one.since} on")
        zh.append(f"自 {one.since} 起")
    if one.until is not None:
        en.append(f"before {one.until}")
        zh.append(f"{one.until} 之前")
    return _Clauses(en, zh)


def _range(one: Range) -> Told:
    low, high = one.at_least, one.at_most
    if low is not None and low == high:
        return Told(f"exactly {_plain(low)}", f"恰為 {_plain(low)} ")
    if low is not None and high is not None:
        return Told(f"{_plain(low)} to {_plain(high)}", f"介於 {_plain(low)} 至 {_plain(high)} ")
    if low is not None:
        return Told(f"at least {_plain(low)}", f"至少 {_plain(low)} ")
    return Told(f"at most {_plain(high)}", f"至多 {_plain(high)} ")


def _plain(value: Any) -> str:
    return f"{value:,.10g}" if isinstance(value, float) else str(value)


def _or(texts: tuple[str, ...]) -> str:
    return " or ".join(texts)


def _zh_or(texts: tuple[str, ...]) -> str:
    return f" {'、'.join(texts)} "


_PRODUCT = {
    "product_id": "商品",
    "family": "系列",
    "version": "版本",
    "generation": "世代",
    "language": "語言",
    "brand": "品牌",
    "category": "類別",
    "list_price": "定價",
}
_ZH = {
    "joined_on": "入會日",
    "birth_year": "出生年",
    "gender": "性別",
    "marital_status": "婚姻狀況",
    "education": "教育程度",
    "occupation": "職業",
    "income_band": "所得級距",
    "children": "子女數",
    "region": "地區",
    "city": "城市",
    "language": "語言",
    "household_id": "家戶",
    "interests": "興趣",
    "age": "年齡",
    "member_days": "入會天數",
    "card": "聯名卡狀態",
}
_TOLD: dict[type, Callable[[Any], Told]] = {
    c.CustomerIs: _customer,
    c.FeatureIs: lambda one: _compared(one.feature, one),
    c.Bought: _bought,
    c.Owed: _owed,
    c.RunsOut: _runs_out,
    c.Due: _due,
    c.Anniversary: lambda one: Told(
        f"has an anniversary of {one.anniversary} within {one.within_days} days",
        f"{_ZH.get(one.anniversary, one.anniversary)}的週年在 {one.within_days} 天內",
    ),
    c.Consented: lambda one: Told(
        f"agrees to {one.purpose} by {one.consent}", f"同意以 {one.consent} 接收 {one.purpose}"
    ),
    c.Contacted: _contacted,
    c.Interacted: _interacted,
    c.Answered: _answered,
    c.Scored: _scored,
    c.InList: lambda one: Told(f"is in list {one.in_list}", f"在名單 {one.in_list} 中"),
}
