"""The plain forecasts of the next purchase that a model of dates has to beat."""

from typing import NamedTuple

import numpy as np

from models.learners import MedianGap, PoissonGamma
from pipeline.timing.watched import Watched

#: Days until due by the median are told apart in steps of so many.
_STEP_DAYS = 14
_FARTHEST = 20


class Rival(NamedTuple):
    """What a plain forecast says: shape (n_rows,) each.

    Attributes
    ----------
    probability : array
        Of the next purchase within the window, in [0, 1].
    due_in_days : array
        Whole days from the cut-off to the due date; 0 where it is overdue.
    """

    probability: np.ndarray
    due_in_days: np.ndarray


def rivals(earlier: Watched, now: Watched, *, gap_days: int, horizon_days: int) -> dict[str, Rival]:
    """Fit the baselines on the rows of an earlier cut-off; say what they forecast now.

    `median_gap`: the category's median of the latest gaps that closed; its
    probability is the share of earlier rows as far from due that had a purchase.
    `poisson_gamma`: Buy It Again, which expects the customer's own mean gap, or the category's.
    """
    return {
        "median_gap": _median_gap(earlier, now, gap_days=gap_days, horizon_days=horizon_days),
        "poisson_gamma": _poisson_gamma(earlier, now, gap_days=gap_days, horizon_days=horizon_days),
    }


def _median_gap(earlier: Watched, now: Watched, *, gap_days: int, horizon_days: int) -> Rival:
    closed = earlier.X[earlier.X["last_gap_days"].notna()]
    model = MedianGap().fit(
        category=closed["category"],
        event=np.ones(len(closed)),
        elapsed=closed["last_gap_days"],
    )

    def until_due(rows: Watched) -> np.ndarray:
        due = model.predict(rows.X["category"], np.zeros(len(rows.X)))
        return np.asarray(due - rows.X["elapsed_days"].to_numpy())

    def step(days: np.ndarray) -> np.ndarray:
        return np.clip(np.floor(days / _STEP_DAYS), -_FARTHEST, _FARTHEST).astype(int) + _FARTHEST

    bought = earlier.bought_within(gap_days=gap_days, horizon_days=horizon_days)
    number = np.bincount(step(until_due(earlier)), minlength=2 * _FARTHEST + 1)
    yes = np.bincount(step(until_due(earlier)), weights=bought, minlength=2 * _FARTHEST + 1)
    # Ten rows of the overall share, so that a step without rows says something.
    share = (yes + 10 * bought.mean()) / (number + 10)
    ahead = until_due(now)
    return Rival(share[step(ahead)], np.round(np.maximum(ahead, 0)).astype(int))


def _poisson_gamma(earlier: Watched, now: Watched, *, gap_days: int, horizon_days: int) -> Rival:
    def history(rows: Watched) -> dict[str, np.ndarray]:
        X = rows.X
        return {
            "purchases": X["purchases"].to_numpy(),
            "span": (X["age_days"] - X["elapsed_days"]).to_numpy(),
        }

    model = PoissonGamma().fit(product=earlier.X["category"], **history(earlier))
    category, elapsed = now.X["category"], now.X["elapsed_days"].to_numpy()
    past = history(now)
    within = [
        model.predict(category, **past, elapsed=elapsed, periods=days)
        for days in (gap_days, gap_days + horizon_days)
    ]
    usual = model.products_["gap"].reindex(category).fillna(model.overall_["gap"]).to_numpy()
    gap = np.where(
        past["purchases"] > 1, past["span"] / np.maximum(past["purchases"] - 1, 1), usual
    )
    due = np.round(np.maximum(gap - elapsed, 0)).astype(int)
    return Rival(np.clip(within[1] - within[0], 0, 1), due)
