"""When a customer buys again what is bought again and again: dates, windows, probabilities."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.learners.due import due_window
from models.learners.hazard import HazardClassifier
from models.learners.usual_gap import UsualGap

#: What the hazard sees as it is.
_SEEN = (
    "category", "purchases", "age_days", "pieces", "lasts_days", "gaps", "last_gap_days",
    "log_gap_off", "log_gap_deviation", "other_gaps", "visits_90", "visits_365", "visits_since",
    "since_visit_days", "children", "marital_status",
)  # fmt: skip

#: Events that the level is drawn to 1 by: 3 % of chance.
_LEVEL_PRIOR = 1000.0
#: Days ahead that are looked at one by one, and two by two; weeks follow.
_DAILY, _NEAR = 14, 56
#: Usual gaps after the last purchase until which the next one is due; see `predict`.
_SUPPLY = 1.5
#: Rows whose survival is held at once.
_BLOCK = 20_000


class RepurchaseTimer:
    """A hazard by day since the last purchase, from rows as of any cut-off.

    A row is a customer and what was bought before, as known at a cut-off: most gaps have been
    open for a while by then, which the hazard is conditional on. It learns how far a customer
    is drawn to the category (`UsualGap`), the hazard of a purchase each day
    (`HazardClassifier`), and, from a later period, the level: all hazards are multiplied by
    one number.

    Parameters
    ----------
    look_ahead_days : int
        How far dates are looked for.
    share : float
        Part of the purchases within the look-ahead that a window has to hold.
    options
        Parameters of `HazardClassifier`.

    Attributes
    ----------
    usual_ : UsualGap
        How customers differ.
    hazard_ : HazardClassifier
        The hazard.
    level_ : float
        What all hazards are multiplied by.
    """

    usual_: UsualGap
    hazard_: HazardClassifier
    level_: float

    def __init__(self, *, look_ahead_days: int = 364, share: float = 0.5, **options: Any) -> None:
        self.look_ahead_days = look_ahead_days
        self.share = share
        self.options = options

    def fit(
        self, X: pd.DataFrame, next_days: ArrayLike, watched_days: ArrayLike, groups: ArrayLike
    ) -> Self:
        """Learn from rows and what followed them.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            As of a cut-off; see `pipeline.timing.rows.timing_rows`.
        next_days : array-like of shape (n_rows,)
            On which day from the cut-off on the next purchase was (1 is the day of the
            cut-off); missing where none was seen.
        watched_days : array-like of shape (n_rows,)
            How many days were watched.
        groups : array-like of shape (n_rows,)
            The customer.

        Raises
        ------
        ValueError
            If nothing was bought again.
        """
        self.usual_ = UsualGap.fitted(X)
        self.level_ = 1.0
        event, waited = _watched(next_days, watched_days)
        entry = X["elapsed_days"].to_numpy(np.float64) - 1
        self.hazard_ = HazardClassifier(typical_gap="usual_gap_days", **self.options)
        self.hazard_.fit(self._seen(X), event, entry + waited, groups, entry=entry)
        return self

    def calibrate(self, X: pd.DataFrame, next_days: ArrayLike, watched_days: ArrayLike) -> Self:
        """Set the level by later rows: purchases seen over those expected until then.

        The number is the one of the highest likelihood, drawn to 1 as if so many purchases as
        chance moves by 3 % had been exactly expected. Arguments are those of `fit`.
        """
        event, waited = _watched(next_days, watched_days)
        self.level_ = 1.0
        expected = 0.0
        for rows in _blocks(len(X)):
            survival = self.survival(X.iloc[rows], int(np.max(waited[rows], initial=1)))
            held = survival.to_numpy()[np.arange(len(survival)), waited[rows].astype(int) - 1]
            expected += float(-np.log(np.maximum(held, 1e-12)).sum())
        self.level_ = (event.sum() + _LEVEL_PRIOR) / (expected + _LEVEL_PRIOR)
        return self

    def survival(self, X: pd.DataFrame, days: int) -> pd.DataFrame:
        """Return the probability that nothing is bought for so many days from the cut-off on.

        Returns
        -------
        DataFrame of shape (n_rows, days)
            Column j is the probability that days 1 ... j pass without a purchase.
        """
        edges = _edges(days)
        middle = (edges[:-1] + edges[1:] + 1) // 2
        elapsed = X["elapsed_days"].to_numpy(np.float64) - 1
        hazard = self.hazard_.predict_hazard_at(self._seen(X), elapsed[:, None] + middle)
        each_day = np.repeat(np.log1p(-hazard), np.diff(edges), axis=1)
        survival = np.exp(self.level_ * each_day.cumsum(axis=1))
        return pd.DataFrame(survival, index=X.index, columns=pd.RangeIndex(1, days + 1))

    def predict(self, X: pd.DataFrame, *, gap_days: int, horizon_days: int) -> pd.DataFrame:
        """Return when the next purchase is due, and how likely it is within the horizon.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            As for `fit`.
        gap_days, horizon_days : int
            The next purchase counts on days gap + 1 ... gap + horizon from the cut-off on.

        Returns
        -------
        DataFrame of shape (n_rows, 5)
            `probability` within the horizon, in [0, 1]; `due_in_days`, the middle of what is
            expected of this supply, given that it comes: whole days after the cut-off, 0 on its
            own day; `opens_in_days` and `closes_in_days`, the first and last day of the
            shortest window that holds `share` of it; `probability_in_look_ahead`. A purchase
            counts as one of this supply until one and a half usual gaps after the last one,
            and for a usual gap from now on: later ones come from those who had stopped.
        """
        parts = [
            self._dates(X.iloc[rows], gap_days=gap_days, horizon_days=horizon_days)
            for rows in _blocks(len(X))
        ]
        return pd.concat(parts) if parts else _nothing(X)

    def _dates(self, X: pd.DataFrame, *, gap_days: int, horizon_days: int) -> pd.DataFrame:
        survival = self.survival(X, max(self.look_ahead_days, gap_days + horizon_days))
        values = np.column_stack([np.ones(len(survival)), survival.to_numpy()])
        within = values[:, gap_days] - values[:, gap_days + horizon_days]
        usual = self.usual_.days(X)
        reach = np.maximum(usual, _SUPPLY * usual - X["elapsed_days"].to_numpy(np.float64))
        last = np.clip(np.nan_to_num(reach, nan=np.inf), 1, survival.shape[1]).astype(int)
        of_supply = np.maximum(survival, values[np.arange(len(values)), last][:, None])
        bought = 1 - of_supply.to_numpy()
        due = (bought >= bought[:, [-1]] / 2).argmax(axis=1)
        window = due_window(of_supply, share=self.share)
        return pd.DataFrame(
            {
                "probability": within,
                "due_in_days": due,
                "opens_in_days": window["opens"].to_numpy() - 1,
                "closes_in_days": window["closes"].to_numpy() - 1,
                "probability_in_look_ahead": 1 - values[:, -1],
            },
            index=X.index,
        )

    def _seen(self, X: pd.DataFrame) -> pd.DataFrame:
        usual = self.usual_.days(X)
        return X[list(_SEEN)].assign(
            usual_gap_days=usual,
            usual_gap_deviation=self.usual_.uncertainty(X),
            silence_over_usual_gap=X["since_visit_days"].to_numpy(np.float64) / usual,
        )

    def save(self, folder: Path) -> None:
        """Write what was learned as text."""
        self.hazard_.save(folder / "hazard")
        document = {
            "look_ahead_days": self.look_ahead_days,
            "share": self.share,
            "options": self.options,
            "usual": self.usual_._asdict(),
            "level": self.level_,
        }
        (folder / "timer.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back what `save` wrote; predictions are the same to the bit."""
        document = json.loads((folder / "timer.json").read_text(encoding="utf-8"))
        self = cls(
            look_ahead_days=document["look_ahead_days"],
            share=document["share"],
            **document["options"],
        )
        self.usual_ = UsualGap(**document["usual"])
        self.hazard_ = HazardClassifier.load(folder / "hazard")
        self.level_ = document["level"]
        return self


def _watched(next_days: ArrayLike, watched_days: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return whether a purchase was seen, and until which day a row was watched."""
    following = np.asarray(next_days, dtype=np.float64)
    watched = np.broadcast_to(np.asarray(watched_days, dtype=np.float64), following.shape)
    event = following <= watched
    return event.astype(np.float64), np.where(event, following, watched)


def _edges(days: int) -> np.ndarray:
    """Return the stretches of days whose hazard is taken to be that of their middle."""
    steps = np.where(np.arange(days) < _DAILY, 1, np.where(np.arange(days) < _NEAR, 2, 7))
    edges = [0]
    while edges[-1] < days:
        edges.append(min(edges[-1] + int(steps[edges[-1]]), days))
    return np.array(edges)


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK) for start in range(0, rows, _BLOCK))


def _nothing(X: pd.DataFrame) -> pd.DataFrame:
    names = ("probability", "due_in_days", "opens_in_days", "closes_in_days")
    columns = (*names, "probability_in_look_ahead")
    return pd.DataFrame({name: pd.Series(dtype=np.float64) for name in columns}, index=X.index)
