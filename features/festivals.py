"""How far the festivals, the pay day and the season are: the same for everybody at a cut-off."""

import ibis.expr.types as ir

from features.calendar import festival_days
from features.definition import Feature, feature
from features.payday import days_after_pay_day, days_until_pay_day
from features.shelf import season_of

#: Names of the festivals in both languages.
FESTIVALS = {
    "lunar_new_year": ("Lunar New Year", "農曆新年"),
    "mothers_day": ("Mother's Day", "母親節"),
    "dragon_boat": ("the Dragon Boat Festival", "端午節"),
    "fathers_day": ("Father's Day", "父親節"),
    "ghost_month": ("Ghost Month", "農曆七月鬼月"),
    "mid_autumn": ("the Mid-Autumn Festival", "中秋節"),
    "double_11": ("Double 11", "雙十一"),
    "christmas": ("Christmas", "聖誕節"),
}


def _days_to(festival: str) -> Feature:
    def aggregate(rows: ir.Table) -> ir.Value:
        ahead = (rows.festival == festival) & (rows.days_before <= 0)
        return -rows.days_before.max(where=ahead)

    aggregate.__name__ = f"days_to_{festival}"
    en, zh = FESTIVALS[festival]
    aggregate.__doc__ = (
        f"Whole days from the cut-off to the first day of {en}; 0 on that day.\n\n"
        "Null after 2060, where the kept calendar ends."
    )
    return feature(festival_days, unit="days", en=f"Days to {en}", zh=f"距{zh}天數")(aggregate)


def _days_since(festival: str) -> Feature:
    def aggregate(rows: ir.Table) -> ir.Value:
        return rows.days_before.min(where=(rows.festival == festival) & (rows.days_before > 0))

    aggregate.__name__ = f"days_since_{festival}"
    en, zh = FESTIVALS[festival]
    aggregate.__doc__ = (
        f"Whole days from the first day of {en} to the cut-off, at least 1.\n\n"
        "Null before 2000, where the kept calendar begins."
    )
    return feature(festival_days, unit="days", en=f"Days since {en}", zh=f"{zh}後天數")(aggregate)


#: Days to, and days since, each festival, by its name.
days_to_festival = {name: _days_to(name) for name in FESTIVALS}
days_since_festival = {name: _days_since(name) for name in FESTIVALS}


@feature(festival_days, unit="days", en="Days since the last pay day", zh="距上次發薪日天數")
def days_since_pay_day(rows: ir.Table) -> ir.Value:
    """Days from the last pay day (the 5th or the 10th) to the cut-off; 0 on it, never null."""
    return days_after_pay_day(rows.as_of.max())


@feature(festival_days, unit="days", en="Days to the next pay day", zh="距下次發薪日天數")
def days_to_pay_day(rows: ir.Table) -> ir.Value:
    """Days from the cut-off to the next pay day (the 5th or the 10th); 0 on it, never null."""
    return days_until_pay_day(rows.as_of.max())


@feature(festival_days, unit="month", en="Month of the cut-off", zh="基準日月份")
def cut_off_month(rows: ir.Table) -> ir.Value:
    """Month of the cut-off, 1 to 12; never null."""
    return rows.as_of.max().month()


@feature(festival_days, unit="text", en="Season of the cut-off", zh="基準日季節")
def season(rows: ir.Table) -> ir.Value:
    """Season of the cut-off: spring from March, summer from June, and so on; never null."""
    return season_of(rows.as_of.max().month())
