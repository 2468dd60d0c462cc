"""What was sold in the weeks around a promotion, and what else moved sales in them."""

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis import _

from campaigns.effect.promotion_scope import Scope
from pipeline.grain_store import Grains

#: Days before and after its first day on which a festival moves sales.
FESTIVAL_BEFORE, FESTIVAL_AFTER = 14, 7
#: What stands for lines without a store, and for products that are not promoted.
ONLINE, RAN, OTHERS = "online", "(ran it)", "(did not run it)"


def sold_lines(grains: Grains, *, as_of: date) -> ir.Table:
    """Return sales known before the cut-off; returns come back weeks later and are left out."""
    rows = grains.table("transactions")
    known = rows.filter(_.kind == "sale", _.available_on < ibis.literal(as_of))
    return known.select("order_id", "product_id", "store_id", "event_on", "quantity", "amount")


def weekly_sales(
    grains: Grains, lines: ir.Table, roles: pd.DataFrame, own: Scope, *, as_of: date
) -> pd.DataFrame:
    """Return whole weeks: promoted families one by one and by store, all others by role."""
    joined = lines.inner_join(ibis.memtable(roles), "product_id")
    store = joined.store_id.fill_null(ONLINE)
    joined = joined.mutate(store_id=store)
    promoted = joined.role == "own"
    ran = ibis.literal(RAN)
    side = (
        ran
        if own.stores is None
        else joined.store_id.isin(sorted(own.stores)).ifelse(ran, ibis.literal(OTHERS))
    )
    days = joined.event_on.delta(ibis.literal(own.starts_on), unit="day")
    cost = joined.quantity.cast("float64") * joined.unit_cost
    table = (
        joined.mutate(
            number=(days / 7.0).floor().cast("int64"),
            product_id=promoted.ifelse(joined.line, joined.role),
            store_id=promoted.ifelse(joined.store_id, side),
            margin=joined.amount.cast("float64") - cost,
        )
        .group_by(["number", "role", "product_id", "store_id"])
        .aggregate(
            units=_.quantity.sum().cast("float64"),
            sales=_.amount.sum().cast("float64"),
            margin=_.margin.sum(),
            uncosted=(_.count() - _.margin.count()),
        )
        .order_by(["number", "product_id", "store_id"])
    )
    found = grains.connection.to_pandas(table)
    whole = (as_of - own.starts_on).days // 7
    found = found[(found["number"] < whole) & (found["number"] > found["number"].min())]
    found["week"] = pd.to_datetime(own.starts_on) + pd.to_timedelta(7 * found["number"], unit="D")
    costed = not found.loc[found["role"] == "own", "uncosted"].any()
    left: pd.DataFrame = found.drop(columns=["number", "uncosted", *([] if costed else ["margin"])])
    return left


def festival_weeks(weeks: pd.Series) -> pd.DataFrame:
    """Return one column per festival: the share of its time that lies in each week."""
    from features.calendar import festival_days

    every = pd.DatetimeIndex(sorted(weeks.unique()))
    days = festival_days.build().to_pandas()
    table = pd.DataFrame(0.0, index=every, columns=sorted(days["festival"].unique()))
    for row in days.itertuples():
        first = pd.Timestamp(row.event_on) - pd.Timedelta(days=FESTIVAL_BEFORE)
        last = pd.Timestamp(row.event_on) + pd.Timedelta(days=FESTIVAL_AFTER)
        if last < every[0] or first > every[-1] + pd.Timedelta(days=7):
            continue
        overlap = pd.Series(
            [
                max(0.0, (min(last, week + pd.Timedelta(days=7)) - max(first, week)).days)
                for week in every
            ],
            index=every,
        )
        table[row.festival] += overlap / 7
    return table[[name for name in table if table[name].any()]]
