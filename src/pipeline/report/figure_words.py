"""What stands on figures, in Traditional Chinese."""

import re

from pipeline.report.words import BASELINES

#: Texts of `models.plots` and of the reports; what varies (a level, a currency) is kept.
_PHRASES = (
    (r"share of customers contacted, best first", "聯繫客戶占比（由高至低）"),
    (r"share of outcomes found", "涵蓋的成效占比"),
    (r"tenth of the customers, best first", "客戶十分位（由高至低）"),
    (r"rate of the outcome", "成效比率"),
    (r"promised probability", "預測機率"),
    (r"observed rate", "實際比率"),
    (r"customers \(own scale\)", "客戶分布（高度另計）"),
    (r"(\d+%) band of right probabilities", r"機率正確時的 \1 範圍"),
    (r"(\d+%) interval", r"\1 區間"),
    (r"perfect", "完美"),
    (r"observed", "實際"),
    (r"promised|predicted", "預測"),
    (r"at random", "隨機"),
    (r"model", "本模型"),
    (r"the list", "名單"),
    (r"best depth (\d+%)", r"最佳深度 \1"),
    (r"profit, (.+) per 1,000 customers", r"每千名客戶利潤（\1）"),
    (r"profit, (.+) per customer", r"每位客戶利潤（\1）"),
    (r"share of customers treated, best first", "優惠客戶占比（由高至低）"),
    (r"outcomes gained per customer", "每位客戶增加之成效"),
    (r"by predicted effect", "依預測效果"),
    (r"by probability to buy", "依購買機率"),
    (r"customers by predicted effect, largest first", "客戶依預測效果分組（由大至小）"),
    (r"effect, outcomes per customer", "效果（每位客戶成效數）"),
    (r"(.+) spent per customer", r"每位客戶支出（\1）"),
    (r"(.+) gained per customer", r"每位客戶增加（\1）"),
    (r"alarms", "警報數"),
    (r"since earlier", "自前期持續"),
    (r"began here", "本期新增"),
    (r"cut-off", "截止日"),
    (r"allowed", "允許範圍"),
    (r"observed / expected", "實際／預期"),
    (r"bands, best scores first", "分組（分數由高至低）"),
    *((re.escape(english), chinese) for english, chinese in BASELINES.values()),
)


def in_chinese(text: str) -> str:
    """Return a text of a figure in Traditional Chinese; numbers and names stay as they are.

    Examples
    --------
    >>> in_chinese("95% interval"), in_chinese("0.5"), in_chinese("coupon")
    ('95% 區間', '0.5', 'coupon')
    """
    for pattern, chinese in _PHRASES:
        found = re.fullmatch(pattern, text)
        if found:
            return found.expand(chinese)
    return text
