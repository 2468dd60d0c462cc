"""Choose what is bought again and again, and the cut-offs of a model of dates."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from models.definition import TimingModel
from pipeline.grain_store import Grains
from pipeline.left_out import LeftOutError, left_out_reason
from pipeline.planned import Span
from pipeline.project import Project, outcome_window
from pipeline.timing.rows import category_habits

#: Without a supply that is used up, a category is bought again and again if at least this
#: share of its customers come back at least so often on average, and there are enough of them.
REGULAR_SHARE, REGULAR_DAYS, FEWEST_CUSTOMERS = 0.4, 180, 100
#: Fewest gaps to learn from.
FEWEST_GAPS = 200


class TimingCutoffs(NamedTuple):
    """Cut-offs in time order, and the categories of the model.

    Attributes
    ----------
    train : tuple of date
        Rows to learn from; they are watched until `calibrate`.
    calibrate, test : date
        Rows that set the level, watched until `test`; untouched rows, until `score`.
    score : date
        Scoring cut-off.
    categories : tuple of str
        What is bought again and again, by what was known at `calibrate`.
    """

    train: tuple[date, ...]
    calibrate: date
    test: date
    score: date
    categories: tuple[str, ...]

    @property
    def labelled(self) -> tuple[date, ...]:
        """No cut-off needs a snapshot of customers: rows are built from purchases."""
        return ()

    @property
    def watched_until(self) -> dict[date, date]:
        """Until when the rows of each cut-off are watched, all roles but the scoring."""
        own = dict.fromkeys(self.train, self.calibrate)
        return {**own, self.calibrate: self.test, self.test: self.score}


def plan_timing(
    as_of: date, *, first_day: date, watched_days: int, step_days: int, most: int
) -> tuple[tuple[date, ...], date, date] | str:
    """Lay the cut-offs backwards from the scoring cut-off, or say why there is no room.

    The newest rows to learn from lie a step before `calibrate`. As much history as rows are
    watched lies before the first cut-off.

    Examples
    --------
    >>> train, calibrate, test = plan_timing(
    ...     date(2026, 1, 1), first_day=date(2025, 1, 1), watched_days=84, step_days=30, most=12
    ... )
    >>> len(train), calibrate.isoformat(), test.isoformat()
    (3, '2025-07-17', '2025-10-09')
    """
    watched = timedelta(days=watched_days)
    test = as_of - watched
    calibrate = test - watched
    earliest = first_day + watched
    room = (calibrate - earliest).days // step_days
    if room < 1:
        needed = 3 * watched_days + step_days
        return (
            f"the data start on {first_day}, {(as_of - first_day).days} days before the cut-off "
            f"{as_of}; {needed} are needed: {watched_days} each to test, to calibrate, and of "
            f"history, and {step_days} to learn from. Deliver older data."
        )
    days = [calibrate - timedelta(days=step_days * k) for k in range(1, min(room, most) + 1)]
    return tuple(reversed(days)), calibrate, test


def bought_again(habits: pd.DataFrame) -> tuple[str, ...]:
    """Return the categories that are bought again and again, as known at one cut-off.

    Parameters
    ----------
    habits : DataFrame
        See `pipeline.timing.rows.category_habits`.

    Examples
    --------
    >>> habits = pd.DataFrame(
    ...     {
    ...         "category": ["ink", "tea", "camera"],
    ...         "used_up": [True, False, False],
    ...         "customers": [2, 200, 200],
    ...         "regular": [0, 150, 3],
    ...     }
    ... )
    >>> bought_again(habits)
    ('ink', 'tea')
    """
    often = (habits["regular"] >= REGULAR_SHARE * habits["customers"]) & (
        habits["customers"] >= FEWEST_CUSTOMERS
    )
    return tuple(sorted(habits.loc[habits["used_up"] | often, "category"]))


def plan(
    project: Project, model: TimingModel, grains: Grains, span: Span, as_of: date
) -> TimingCutoffs | str:
    """Return the cut-offs and categories of a model, or why the data cannot teach it."""
    grid = project.params.snapshots
    window = outcome_window(model, project.params.models[model.name])
    laid = plan_timing(
        as_of,
        first_day=span.first,
        watched_days=max(model.watched_days, window.gap_days + window.horizon_days),
        step_days=grid.step_days,
        most=grid.max_training,
    )
    if isinstance(laid, str):
        return laid
    train, calibrate, test = laid
    habits = category_habits(grains, calibrate, within_days=REGULAR_DAYS).to_pandas()
    categories = bought_again(habits)
    gaps = int(habits.loc[habits["category"].isin(categories), "gaps"].sum())
    if gaps < FEWEST_GAPS:
        return (
            f"{len(categories)} categories are bought again and again, with {gaps} gaps between "
            f"purchases before {calibrate}; {FEWEST_GAPS} are needed. Say in products how many "
            "days of supply a piece is, or deliver older data."
        )
    return TimingCutoffs(train, calibrate, test, as_of, categories)


def read_timing_cutoffs(artifacts: Path, model: str) -> TimingCutoffs:
    """Return what the snapshot stage chose; see `pipeline.project.write_cutoffs`.

    Raises
    ------
    LeftOutError
        If the data cannot teach the model.
    """
    if reason := left_out_reason(artifacts, model):
        raise LeftOutError(f"{model} is left out: {reason}")
    found = json.loads((artifacts / "cutoffs.json").read_text(encoding="utf-8"))[model]
    return TimingCutoffs(
        tuple(map(date.fromisoformat, found["train"])),
        date.fromisoformat(found["calibrate"]),
        date.fromisoformat(found["test"]),
        date.fromisoformat(found["score"]),
        tuple(found["categories"]),
    )
