"""How well dates, windows and probabilities held on rows that nothing was learned from."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from models.definition import TimingModel
from models.learning import TimingLearning
from models.measures import Resample, observed_over_expected, roc_auc
from models.measures.policy import mean_interval
from pipeline.evaluation import Figure, judge
from pipeline.params import GateParams
from pipeline.project import OutcomeWindow
from pipeline.timing.rivals import Rival
from pipeline.timing.watched import Watched

#: Horizons at which what was bought is compared with what was expected, in days.
HORIZONS = (7, 14, 28, 56, 84)
#: Earlier gaps by which histories are told apart: from, and before.
HISTORIES = ((0, 1), (1, 3), (3, 6), (6, np.inf))
#: Resamples of what stands in the report and decides nothing.
_DRAWS = 200


class Dates(NamedTuple):
    """A due date and a window for each row, in whole days from the cut-off."""

    due: np.ndarray
    opens: np.ndarray
    closes: np.ndarray

    def around(self, due: np.ndarray) -> "Dates":
        """Return windows that are as long as these, about other due dates."""
        length = self.closes - self.opens
        opens = np.maximum(due - length // 2, 0)
        return Dates(due, opens, opens + length)


class Judged(NamedTuple):
    """Measures, those of the baselines, paired differences, and tables for the report."""

    measures: dict[str, Figure]
    baselines: dict[str, dict[str, Figure]]
    differences: dict[str, dict[str, Figure]]
    tables: dict[str, list[dict[str, Any]]]
    said: pd.DataFrame


def judge_timing(
    learner: TimingLearning,
    test: Watched,
    others: Mapping[str, Rival],
    model: TimingModel,
    *,
    window: OutcomeWindow,
    gate: GateParams,
    seed: int,
) -> Judged:
    """Judge a learner and its baselines on the same rows and the same resamples.

    Beside the measures of the probability: `observed_over_expected_N_days`, purchases seen over
    expected in the first N days; `window_share`, the share of purchases seen that fell into
    the advised window, and `window_days`, its length; `due_error_days`, the median distance
    of the due date from these purchases. Windows of the baselines are as long, row by row, as
    those of the model.
    """
    said = learner.predict(test.X, gap_days=window.gap_days, horizon_days=window.horizon_days)
    customers = test.keys["customer_id"]
    measures, baselines, differences = judge(
        test.bought_within(**window._asdict()),
        said["probability"].to_numpy(),
        customers=customers,
        measures=model.measures,
        baselines={name: one.probability for name, one in others.items()},
        list_size=gate.list_size,
        level=gate.level,
        draws=gate.draws,
        seed=seed,
    )
    measures |= _by_horizon(learner, test, gate, seed)
    columns = ("due_in_days", "opens_in_days", "closes_in_days")
    dates = Dates(*(said[name].to_numpy(np.int64) for name in columns))
    sides = {"": dates} | {name: dates.around(one.due_in_days) for name, one in others.items()}
    found = _of_dates(sides, test, gate, seed)
    measures |= found[""]
    for name in others:
        baselines[name] |= found[name]
        differences[name] |= found[f"less {name}"]
    return Judged(
        measures,
        baselines,
        differences,
        {
            "by_history": _by_history(test, said, dates, window),
            "by_category": _by_category(test, said, dates, window),
        },
        test.keys.assign(next_days=test.next_days).join(said),
    )


def _by_horizon(
    learner: TimingLearning, test: Watched, gate: GateParams, seed: int
) -> dict[str, Figure]:
    reach = int(test.watched_days.min())
    survival = learner.survival(test.X, reach)
    found = {}
    for days in (one for one in HORIZONS if one <= reach):
        bought = test.bought_within(gap_days=0, horizon_days=days)
        if bought.any():
            draws = min(gate.draws, _DRAWS)
            resample = Resample(bought, groups=test.keys["customer_id"], draws=draws, seed=seed)
            expected = 1 - survival[days].to_numpy()
            figure = resample.estimate(observed_over_expected, expected, level=gate.level)
            found[f"observed_over_expected_{days}_days"] = _figure(figure)
    return found


def _of_dates(
    sides: Mapping[str, Dates], test: Watched, gate: GateParams, seed: int
) -> dict[str, dict[str, Figure]]:
    """Measure dates and windows of each side by the purchases that were seen."""
    seen = test.next_days <= test.watched_days
    if not seen.any():
        return {name: {} for side in sides for name in (side, f"less {side}")}
    when = test.next_days[seen] - 1
    customers = test.keys["customer_id"][seen].to_numpy()
    resample = Resample(when, groups=customers, draws=min(gate.draws, _DRAWS), seed=seed)
    inside = {
        name: ((one.opens[seen] <= when) & (when <= one.closes[seen])).astype(float)
        for name, one in sides.items()
    }

    def mean(each: np.ndarray) -> Figure:
        return _figure(mean_interval(each, cluster=customers, level=gate.level))

    found: dict[str, dict[str, Figure]] = {}
    for name, one in sides.items():
        found[name] = {
            "window_share": mean(inside[name]),
            "window_days": mean(one.closes[seen] - one.opens[seen] + 1.0),
            "due_error_days": _figure(
                resample.estimate(median_error, one.due[seen], level=gate.level)
            ),
        }
        if name:
            error = resample.difference(
                median_error, sides[""].due[seen], one.due[seen], level=gate.level
            )
            found[f"less {name}"] = {
                "window_share": mean(inside[""] - inside[name]),
                "due_error_days": _figure(error),
            }
    return found


def median_error(y: Any, score: Any, *, weight: Any = None) -> float:
    """Return the weighted median of the distance between two arrays.

    Examples
    --------
    >>> median_error([10, 20, 30], [12, 20, 25])
    2.0
    """
    off = np.abs(np.asarray(y, dtype=np.float64) - np.asarray(score, dtype=np.float64))
    order = np.argsort(off, kind="stable")
    weights = np.ones(len(off)) if weight is None else np.asarray(weight, dtype=np.float64)
    below = np.cumsum(weights[order])
    return float(off[order][np.searchsorted(below, below[-1] / 2)])


def _by_history(
    test: Watched, said: pd.DataFrame, dates: Dates, window: OutcomeWindow
) -> list[dict[str, Any]]:
    gaps = test.X["gaps"].to_numpy()
    return [
        {
            "gaps": f"{low:g}"
            if high == low + 1
            else f"{low:g} to {high - 1:g}".replace("inf", "more")
        }
        | _row(test, said, dates, window, (gaps >= low) & (gaps < high))
        for low, high in HISTORIES
        if ((gaps >= low) & (gaps < high)).any()
    ]


def _by_category(
    test: Watched, said: pd.DataFrame, dates: Dates, window: OutcomeWindow
) -> list[dict[str, Any]]:
    largest = test.X["category"].value_counts().index[:20]
    return [
        {"category": name}
        | _row(test, said, dates, window, (test.X["category"] == name).to_numpy())
        for name in largest
    ]


def _row(
    test: Watched, said: pd.DataFrame, dates: Dates, window: OutcomeWindow, rows: np.ndarray
) -> dict[str, Any]:
    bought = test.bought_within(**window._asdict())[rows]
    probability = said["probability"].to_numpy()[rows]
    seen = rows & (test.next_days <= test.watched_days)
    when = test.next_days[seen] - 1
    inside = (dates.opens[seen] <= when) & (when <= dates.closes[seen])
    return {
        "rows": int(rows.sum()),
        "bought": int(bought.sum()),
        "observed_over_expected": float(bought.sum() / max(probability.sum(), 1e-12)),
        "roc_auc": float(roc_auc(bought, probability)) if 0 < bought.sum() < len(bought) else None,
        "window_share": float(inside.mean()) if seen.any() else None,
        "due_error_days": median_error(when, dates.due[seen]) if seen.any() else None,
    }


def _figure(estimate: Any) -> Figure:
    return Figure(value=estimate.value, low=estimate.low, high=estimate.high)
