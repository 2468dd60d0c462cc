"""What a price promotion really added, when nobody drew lots.

A promotion sells more of its product. Some of it is bought instead of a sister product, or
instead of next month's purchase, and some brings other things into the basket. So the
effect has four parts, each against what the weeks would have been without it:

- **own**: the promoted products while it ran;
- **pull-forward**: the same products in the weeks after its end (stocked up: negative);
- **cannibalisation**: the rest of the family while it ran (usually negative);
- **halo**: companions while it ran (usually positive).

Where some stores did not run it, they are the comparison: what the difference between both
groups of stores was in quiet weeks is expected of the promoted ones, too (difference in
differences). Otherwise a baseline of level, trend, season, given calendar columns
(festivals) and the rest of the category is. The first kind is the stronger one: a baseline
cannot see what else changed in the same weeks.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.effects.weekly_gap import WeeklyBaseline, added
from models.learners.frame import FloatArray
from models.learners.trial import TrialError

MEASURES = ("units", "sales", "margin")
WEEKS_A_YEAR = 365.25 / 7
#: A season is only told from a trend if it was seen this many times.
LEAST_YEARS = 1.5


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """A price promotion, and what it may have touched.

    Attributes
    ----------
    products : collection of str
        What was promoted.
    family, companions, category : collection of str
        Products that may have lost, that may have gained, and that show how the category
        went; the first two are taken out of the last.
    starts_on, ends_on : date
        First day, and first day after the end. A week that lies partly inside counts.
    stores : collection of str, optional
        Stores that ran it; all, if left out.
    after_weeks : int
        Weeks after the end in which purchases may be missing.
    """

    products: Collection[str]
    starts_on: date
    ends_on: date
    family: Collection[str] = ()
    companions: Collection[str] = ()
    category: Collection[str] = ()
    stores: Collection[str] | None = None
    after_weeks: int = 4


class PromotionEffect(NamedTuple):
    """What it added."""

    design: Literal["difference in differences", "baseline"]
    summary: pd.DataFrame
    """`part` (own, pull-forward, cannibalisation, halo, net), `measure`, `value`, `low`,
    `high` and `expected` (without the promotion). Net is estimated as one series."""
    detail: pd.DataFrame
    """Own effect by `product_id`, `store_id` and `week`: `units`, `expected`, `increment`."""


class _Weeks(NamedTuple):
    """Weeks by what they are."""

    all: pd.DatetimeIndex
    during: NDArray[np.bool_]
    after: NDArray[np.bool_]
    quiet: NDArray[np.bool_]


def promotion_effect(
    weekly: pd.DataFrame,
    promotion: Promotion,
    *,
    calendar: pd.DataFrame | None = None,
    excluded: Collection[date] = (),
    level: float = 0.95,
) -> PromotionEffect:
    """Estimate what a promotion added in units, sales and margin.

    Parameters
    ----------
    weekly : DataFrame
        `week` (its first day), `store_id`, `product_id`, `units`, `sales`, `margin`; a
        missing row means that nothing was sold. Without `sales` or `margin` these are left
        out of the result.
    promotion : Promotion
        What, where and when.
    calendar : DataFrame, optional
        One row per week (index) and one column per thing that moves sales, such as
        festivals.
    excluded : collection of date
        Weeks (their first days) of other promotions of the same products; they teach
        nothing about quiet weeks.
    level : float
        Confidence level, in (0, 1).

    Returns
    -------
    PromotionEffect

    Raises
    ------
    TrialError
        If the promotion lies outside the weeks, or quiet weeks are too few.
    """
    table = weekly.assign(week=pd.to_datetime(weekly["week"]))
    weeks = _weeks(table, promotion, excluded)
    every = set(table["store_id"])
    ran = every if promotion.stores is None else set(promotion.stores) & every
    others = every - ran
    if not ran:
        raise TrialError("none of the stores that ran the promotion sold anything; check the ids")
    design: Literal["difference in differences", "baseline"] = (
        "difference in differences" if others else "baseline"
    )
    own, family = set(promotion.products), set(promotion.family) - set(promotion.products)
    companions = set(promotion.companions) - own - family
    category = set(promotion.category) - own - family - companions
    parts = {
        "own": (own, weeks.during),
        "pull-forward": (own, weeks.after),
        "cannibalisation": (family, weeks.during),
        "halo": (companions, weeks.during),
    }
    known = {name: one for name, one in parts.items() if one[0] and one[1].any()}
    net = list(known.values())
    rows = []
    for measure in (name for name in MEASURES if name in table):
        context = _Context(table, measure, weeks, ran, others, category, calendar)
        for part, chosen in {**{name: [one] for name, one in known.items()}, "net": net}.items():
            rows.append({"part": part, "measure": measure, **context.effect(chosen, level)})
    context = _Context(table, "units", weeks, ran, others, category, calendar)
    return PromotionEffect(design, pd.DataFrame(rows), context.detail(own))


class _Context(NamedTuple):
    """One measure, and all that a baseline of it needs."""

    table: pd.DataFrame
    measure: str
    weeks: _Weeks
    ran: set[str]
    others: set[str]
    category: set[str]
    calendar: pd.DataFrame | None

    def effect(
        self, chosen: list[tuple[set[str], NDArray[np.bool_]]], level: float
    ) -> dict[str, float]:
        """Return the gap of several series in their weeks, added up, with its interval.

        Series that share weeks are added up first: their noise is then counted once, as it
        occurs. The gaps of different weeks are added afterwards.
        """
        by_weeks: dict[bytes, tuple[set[str], NDArray[np.bool_]]] = {}
        for products, inside in chosen:
            known = by_weeks.get(inside.tobytes(), (set(), inside))[0]
            by_weeks[inside.tobytes()] = (known | products, inside)
        gaps, happened = [], 0.0
        for products, inside in by_weeks.values():
            baseline, scale = self._baseline(products)
            gaps.append(baseline.gap(inside).times(scale))
            happened += float(self._series(products, self.ran)[inside].sum())
        total = added(gaps, level=level)
        return {**total._asdict(), "expected": happened - total.value}

    def detail(self, products: set[str]) -> pd.DataFrame:
        """Return the own effect by product, store and week."""
        baseline, scale = self._baseline(products)
        series = self._series(products, self.ran)
        inside = self.weeks.during
        mean_of = self.weeks.quiet & self._on_sale(products)
        # What is expected of all, as a multiple of a quiet week, goes to every cell alike.
        share = (series - (baseline.series - baseline.expected) * scale)[inside] / max(scale, 1e-12)
        rows = []
        mine = self.table[self.table["product_id"].isin(products)]
        mine = mine[mine["store_id"].isin(self.ran)]
        for (product, store), cell in mine.groupby(["product_id", "store_id"]):
            units = cell.groupby("week")["units"].sum().reindex(self.weeks.all, fill_value=0)
            quiet = float(units.to_numpy()[mean_of].mean())
            sold = units.to_numpy(np.float64)[inside]
            rows.append(
                pd.DataFrame(
                    {
                        "product_id": product,
                        "store_id": store,
                        "week": self.weeks.all[inside],
                        "units": sold,
                        "expected": share * quiet,
                        "increment": sold - share * quiet,
                    }
                )
            )
        return pd.concat(rows, ignore_index=True)

    def _baseline(self, products: set[str]) -> tuple[WeeklyBaseline, float]:
        """Fit quiet weeks of the stores that ran it; series are multiples of a quiet week."""
        series = self._series(products, self.ran)
        quiet = self.weeks.quiet & self._on_sale(products)
        scale = float(series[quiet].mean()) if quiet.any() else 0.0
        if scale <= 0:
            raise TrialError(
                f"the products sold nothing in quiet weeks, so their {self.measure} has no "
                f"baseline. Pass products with history, or a longer one"
            )
        reference = np.ones(len(series))
        if self.others:
            theirs = self._series(products, self.others)
            level = float(theirs[quiet].mean())
            if level <= 0:
                raise TrialError(
                    "the stores that did not run it sold none of the products in quiet weeks, so "
                    "they are no comparison. Leave out `stores` to use a baseline"
                )
            reference = theirs / level
        cells = self.table.loc[self.table[self.measure] > 0, self.measure]
        baseline = WeeklyBaseline.fit(
            self._design(),
            series / scale,
            quiet=quiet,
            reference=reference,
            least=0.5 * float(cells.min()) / scale,
        )
        return baseline, scale

    def _design(self) -> FloatArray:
        n = len(self.weeks.all)
        time = np.linspace(-1, 1, n)
        columns = [np.ones(n), time]
        if self.others:
            return np.column_stack(columns)  # what moves all stores alike has cancelled out
        phase = 2 * np.pi * np.arange(n) / WEEKS_A_YEAR
        if n >= LEAST_YEARS * WEEKS_A_YEAR:
            columns += [part(k * phase) for k in (1, 2) for part in (np.sin, np.cos)]
        if self.calendar is not None:
            index = pd.to_datetime(self.calendar.index)
            given = self.calendar.set_axis(index).reindex(self.weeks.all).fillna(0.0)
            columns += list(given.to_numpy(np.float64).T)
        if self.category:
            rest = self._series(self.category, self.ran)
            columns.append(np.log(np.maximum(rest, 0.5 * float(rest[rest > 0].min(initial=1.0)))))
        return np.column_stack(columns)

    def _on_sale(self, products: set[str]) -> NDArray[np.bool_]:
        """Tell the weeks from the first sale in any store to the last: no others are quiet."""
        sold = np.flatnonzero(self._series(products, self.ran | self.others))
        week = np.arange(len(self.weeks.all))
        first, last = sold.min(initial=len(week)), sold.max(initial=-1)
        return np.asarray((week >= first) & (week <= last))

    def _series(self, products: set[str], stores: set[str]) -> FloatArray:
        inside = self.table["product_id"].isin(products) & self.table["store_id"].isin(stores)
        total = self.table[inside].groupby("week")[self.measure].sum()
        return total.reindex(self.weeks.all, fill_value=0).to_numpy(np.float64)


def _weeks(table: pd.DataFrame, promotion: Promotion, excluded: Collection[date]) -> _Weeks:
    first, last = table["week"].min(), table["week"].max()
    every = pd.date_range(first, last, freq="7D")
    off = ~table["week"].isin(every)
    if off.any():
        raise TrialError(
            f"{int(off.sum())} rows begin on another weekday than the first week; pass weeks of "
            f"seven days by their first day"
        )
    starts, ends = pd.Timestamp(promotion.starts_on), pd.Timestamp(promotion.ends_on)
    during = np.asarray((every + pd.Timedelta(days=7) > starts) & (every < ends))
    if not during.any() or starts < first or during[-1] & (ends > last + pd.Timedelta(days=7)):
        raise TrialError(
            f"the promotion ran from {starts.date()} to {ends.date()}, but weeks reach from "
            f"{first.date()} to {last.date()}; pass weeks before, during and after it"
        )
    end = int(np.flatnonzero(during)[-1]) + 1
    after = np.zeros(len(every), dtype=np.bool_)
    after[end : end + promotion.after_weeks] = True
    busy = every.isin(pd.to_datetime(list(excluded)))
    return _Weeks(every, during, after, np.asarray(~during & ~after & ~busy))
