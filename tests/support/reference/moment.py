"""Festivals, pay days and seasons: the same for everybody."""

from datetime import date, timedelta

import pandas as pd

from features.calendar import festival_days
from reference.rows import Row


def moment(as_of: date) -> Row:
    found: Row = {}
    calendar = festival_days.build().to_pandas()
    for name, days in calendar.groupby("festival")["event_on"]:
        distances = [(pd.Timestamp(day).date() - as_of).days for day in days]
        found[f"days_to_{name}"] = min((d for d in distances if d >= 0), default=None)
        found[f"days_since_{name}"] = min((-d for d in distances if d < 0), default=None)
    found["days_since_pay_day"] = next(
        n for n in range(40) if (as_of - timedelta(n)).day in (5, 10)
    )
    found["days_to_pay_day"] = next(n for n in range(40) if (as_of + timedelta(n)).day in (5, 10))
    found["cut_off_month"] = as_of.month
    found["season"] = ["winter", "spring", "summer", "autumn"][as_of.month % 12 // 3]
    return found
