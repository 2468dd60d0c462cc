"""When a customer will buy again: a discrete-time hazard, grown as trees."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from models.learners.encoder import FrameEncoder
from models.learners.frame import as_frame
from models.learners.hazard_columns import HazardColumns
from models.learners.hazard_line import HazardLine
from models.learners.hazard_trees import grown
from models.learners.person_periods import checked_gaps, person_periods
from models.learners.quickscorer import summed
from models.learners.renewals import OpenGap, event_by_period, expected_renewals

if TYPE_CHECKING:
    from lightgbm import Booster

#: Person-periods that are predicted at once: 16 MB for each feature.
_BLOCK = 2_000_000

#: Openings of a later gap that are told apart when expected events are counted. With 6, the
#: count differs from that with 30 by 0.2 % on CDNOW.
_OPENINGS = 6

#: What X will be when a gap opens: X now, the number of events since, the periods waited.
Renew = Callable[[pd.DataFrame, int, np.ndarray], pd.DataFrame]


class HazardClassifier(BaseEstimator):  # type: ignore[misc]
    r"""Probability to buy again in each coming period, given that it has not happened so far.

    Time runs in whole periods (days, weeks, ...) from the last purchase. A **gap** is the time
    from one purchase to the next; a customer has as many gaps as purchases, the last of which
    is still open. The hazard of period :math:`t = 1, 2, \dots` of a gap is

    .. math:: h(t \mid x) = P(\text{event in period } t \mid \text{none in } 1 \dots t - 1,\ x),
        \quad \operatorname{logit} h(t \mid x) = \ell(t, x) + F(t, x)

    The line :math:`\ell` (`HazardLine`) has few parameters and is fitted first; the trees
    :math:`F` (LightGBM, log loss, one row per gap and period) start from it. Trees say nothing
    beyond the longest gap they have seen; there, the line continues.

    Open gaps are censored: each contributes the periods without an event that were observed.
    A gap of 200 quiet weeks is 200 rows that say little, so beyond `max_rows` the quiet periods
    are thinned at random. Keeping a share :math:`q` of them multiplies the odds by exactly
    :math:`1 / q`, which enters the fit as an offset, so the hazards stay those of all rows.

    Parameters
    ----------
    earlier_events, age : str, optional
        Two columns of X, to be named together: how many gaps of the customer (with the product)
        closed before this one opened, and the periods from the first event to the opening. The
        line then is the hazard of BG/NBD, and the trees see the logarithm of its rate, never
        the age.
    typical_gap : str, optional
        Column of X with the length in periods after which the next purchase is usual: a
        personal or category median, or the days of supply bought. The trees then also see
        the period divided by it, which they could not divide themselves.
    learning_rate : float
        Step of the boosting.
    num_leaves : int
        Leaves of a tree.
    min_events : float
        Events that a leaf has to see, roughly (the minimal sum of h (1 - h) in a leaf).
    max_trees : int
        Upper limit; how many are grown is chosen by cross-validation, and none is an answer.
    max_rows : int
        Person-periods above which quiet ones are thinned.
    folds : int
        Parts of the cross-validation; the gaps of a group stay in one part.
    seed : int
        The same seed and data give the same model, whatever the number of threads.
    num_threads : int
        Threads of LightGBM.

    Attributes
    ----------
    booster_ : Booster
        The trees. Their raw score is :math:`F`, without the line.
    line_ : HazardLine
        The line.
    kept_share_ : float
        Share of the quiet person-periods that were trained on, in (0, 1].
    longest_ : int
        The last period that was observed; beyond it the trees repeat themselves.

    References
    ----------
    .. [1] Singer, J. D. and Willett, J. B. (1993). It's about time: using discrete-time
       survival analysis. Journal of Educational Statistics 18(2), 155-195.
    .. [2] King, G. and Zeng, L. (2001). Logistic regression in rare events data. Political
       Analysis 9(2), 137-163, section 4.1 (the offset).

    Examples
    --------
    >>> X = pd.DataFrame({"refill_weeks": [4.0, 8.0] * 200})
    >>> model = HazardClassifier(typical_gap="refill_weeks", min_events=5).fit(
    ...     X, event=[1, 1] * 200, elapsed=[4, 8] * 200, groups=range(400)
    ... )
    >>> model.predict_survival(X[:2], periods=8)[[3, 4, 7, 8]].round(1)
         3    4    7    8
    0  1.0  0.0  0.0  0.0
    1  1.0  1.0  1.0  0.0
    """

    booster_: "Booster"
    line_: HazardLine
    kept_share_: float
    longest_: int
    encoder_: FrameEncoder

    def __init__(
        self,
        *,
        earlier_events: str | None = None,
        age: str | None = None,
        typical_gap: str | None = None,
        learning_rate: float = 0.05,
        num_leaves: int = 15,
        min_events: float = 20.0,
        max_trees: int = 500,
        max_rows: int = 2_000_000,
        folds: int = 5,
        seed: int = 0,
        num_threads: int = 1,
    ) -> None:
        self.earlier_events = earlier_events
        self.age = age
        self.typical_gap = typical_gap
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_events = min_events
        self.max_trees = max_trees
        self.max_rows = max_rows
        self.folds = folds
        self.seed = seed
        self.num_threads = num_threads

    def fit(
        self,
        X: pd.DataFrame,
        event: ArrayLike,
        elapsed: ArrayLike,
        groups: ArrayLike,
        *,
        entry: ArrayLike | None = None,
    ) -> Self:
        """Learn from gaps, closed and open.

        Parameters
        ----------
        X : DataFrame of shape (n_gaps, n_features)
            What was known when the row began: for whole gaps, right after the purchase that
            opened them (the how-manieth it was, earlier gaps, what was bought, ...). Numbers,
            flags, texts or categories; may have missing values.
        event : array-like of shape (n_gaps,)
            1 if the row ends with the event, 0 if observation ended before it (censored).
        elapsed : array-like of shape (n_gaps,)
            Periods since the purchase that opened the gap, at the end of the row. With an event,
            the period in which it happened: at least 1, fractions are rounded up. Without, the
            whole periods that passed quietly: may be 0, fractions are rounded down.
        groups : array-like of shape (n_gaps,)
            Whose gap it is. A customer's gaps resemble each other, so they stay together
            when the number of trees is chosen.
        entry : array-like of shape (n_gaps,), optional
            Periods already elapsed when the row began; 0 for whole gaps, and less than
            `elapsed`. The row then speaks of periods entry + 1 ... elapsed only. With it, a
            gap can be split into rows whose X differ (features as of several cut-offs), up to
            one row per period, and gaps that were open when observation began are not lost.

        Returns
        -------
        HazardClassifier
            This object, fitted.

        Raises
        ------
        ValueError
            If the arrays do not describe gaps, there is no event, or X does not have the
            columns that were named, or has one that the learner adds.
        """
        X = as_frame(X)
        gaps = checked_gaps(event, elapsed, groups, entry, rows=len(X))
        columns = self._columns
        columns.check(X)
        self.encoder_ = FrameEncoder().fit(X)
        self.longest_ = int(gaps.elapsed.max())
        rows = person_periods(gaps, max_rows=self.max_rows, seed=self.seed)
        self.kept_share_ = rows.kept_share
        features, names = self.encoder_.transform(X), self.encoder_.names
        self.line_ = HazardLine.fitted(rows, columns.history(features, names))
        matrix, start = columns.trees_see(features[rows.gap], names, rows.period, self.line_)
        offset = start - np.log(rows.kept_share)
        self.booster_ = grown(
            matrix,
            rows.event,
            offset,
            gaps.group[rows.gap],
            categorical=[
                place
                for place, column in enumerate(columns.shown(names))
                if column in self.encoder_.text_positions
            ],
            parameters={
                "learning_rate": self.learning_rate,
                "num_leaves": self.num_leaves,
                "min_sum_hessian_in_leaf": self.min_events,
                "num_threads": self.num_threads,
                "seed": self.seed,
            },
            max_trees=self.max_trees,
            folds=self.folds,
        )
        return self

    def predict_hazard(
        self, X: pd.DataFrame, periods: int, *, elapsed: ArrayLike | None = None
    ) -> pd.DataFrame:
        """Return the probability of the event in each coming period, if none came before it.

        Parameters are those of `predict_survival`.

        Returns
        -------
        DataFrame of shape (n_gaps, periods)
            Column j holds the hazard of period `elapsed + j` of the gap, in (0, 1).
        """
        X = as_frame(X, self.encoder_.names)
        passed = _checked_elapsed(elapsed, periods, rows=len(X))
        hazard = np.empty((len(X), periods))
        for rows in _blocks(len(X), periods):
            hazard[rows] = self._hazard(X.iloc[rows], periods, passed[rows])
        return pd.DataFrame(hazard, index=X.index, columns=pd.RangeIndex(1, periods + 1))

    def predict_hazard_at(self, X: pd.DataFrame, period: ArrayLike) -> np.ndarray:
        """Return the hazard of chosen periods only: where a curve is smooth, few will do.

        Parameters
        ----------
        X : DataFrame of shape (n_gaps, n_features)
            As for `fit`.
        period : array-like of shape (n_gaps, n_chosen)
            Periods of each gap, at least 1.

        Returns
        -------
        array of shape (n_gaps, n_chosen)
            In (0, 1).
        """
        X = as_frame(X, self.encoder_.names)
        chosen = np.asarray(period, dtype=float)
        if chosen.ndim != 2 or len(chosen) != len(X) or not (chosen >= 1).all():  # noqa: PLR2004
            raise ValueError(
                f"period has shape {chosen.shape} for {len(X)} rows of X, or values below 1: pass "
                "the periods of each gap, counted from 1, a row per gap."
            )
        hazard = np.empty(chosen.shape)
        for rows in _blocks(len(X), chosen.shape[1]):
            hazard[rows] = self._hazard_at(X.iloc[rows], chosen[rows])
        return hazard

    def predict_survival(
        self, X: pd.DataFrame, periods: int, *, elapsed: ArrayLike | None = None
    ) -> pd.DataFrame:
        r"""Return the probability that the event has not come after each of the coming periods.

        Parameters
        ----------
        X : DataFrame of shape (n_gaps, n_features)
            As for `fit`: what was known when the gap (or the row) began.
        periods : int
            How many periods to look ahead, at least 1.
        elapsed : array-like of shape (n_gaps,), optional
            Whole periods that have already passed quietly; 0 where left out. The result is
            conditional on them: :math:`S(\text{elapsed} + j) / S(\text{elapsed})`.

        Returns
        -------
        DataFrame of shape (n_gaps, periods)
            With the index of X. Column j = 1 ... `periods` is the probability that
            the next j periods stay without an event; it never rises with j.
        """
        return (1 - self.predict_hazard(X, periods, elapsed=elapsed)).cumprod(axis=1)

    def expected_events(
        self,
        X: pd.DataFrame,
        periods: int,
        *,
        elapsed: ArrayLike | None = None,
        renew: Renew | None = None,
    ) -> pd.Series:
        """Return the expected number of events in the coming periods, repeats included.

        After an event a new gap opens, whose period 1 is the period after; see
        `expected_renewals`.

        Parameters
        ----------
        X, periods, elapsed
            As for `predict_survival`.
        renew : callable, optional
            `renew(X, events, waited)` returns what X will be when a gap opens after `events`
            further events, the last of which came `waited` periods (one number per row) after
            the present gap opened. Where left out, `earlier_events` and `age` are brought up to
            date and the rest of X stays.

        Returns
        -------
        Series
            At least 0 and at most `periods`, with the index of X.
        """
        X = as_frame(X, self.encoder_.names)
        passed = _checked_elapsed(elapsed, periods, rows=len(X))
        number = np.empty(len(X))
        for block in _blocks(len(X), periods):
            first = event_by_period(self._hazard(X.iloc[block], periods, passed[block]))
            open_gap = self._open_gap(X.iloc[block], passed[block], renew or self._columns.renewed)
            # Without a history, all later gaps are alike whenever they open.
            buckets = 1 if renew is None and self.age is None else _OPENINGS
            number[block] = expected_renewals(first, open_gap, buckets=buckets)
        return pd.Series(number, index=X.index, name="expected_events")

    def save(self, folder: Path) -> None:
        """Write `model.txt` (LightGBM's own format) and `hazard.json` into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.booster_.save_model(folder / "model.txt")
        document = {
            "parameters": self.get_params(),
            "line": self.line_._asdict(),
            "kept_share": self.kept_share_,
            "longest": self.longest_,
            "encoder": self.encoder_.to_json(),
        }
        text = json.dumps(document, indent=2, ensure_ascii=False)
        (folder / "hazard.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back what `save` wrote; predictions are the same to the bit."""
        from lightgbm import Booster

        document = json.loads((folder / "hazard.json").read_text(encoding="utf-8"))
        self = cls(**document["parameters"])
        self.booster_ = Booster(model_file=folder / "model.txt")
        self.line_ = HazardLine(**document["line"])
        self.kept_share_ = document["kept_share"]
        self.longest_ = document["longest"]
        self.encoder_ = FrameEncoder.from_json(document["encoder"])
        return self

    @property
    def _columns(self) -> HazardColumns:
        return HazardColumns(self.earlier_events, self.age, self.typical_gap)

    def _hazard(self, X: pd.DataFrame, periods: int, passed: np.ndarray) -> np.ndarray:
        return self._hazard_at(X, passed[:, None] + np.arange(1, periods + 1))

    def _hazard_at(self, X: pd.DataFrame, period: np.ndarray) -> np.ndarray:
        from scipy.special import expit

        features = np.repeat(self.encoder_.transform(X), period.shape[1], axis=0)
        matrix, line = self._columns.trees_see(
            features, self.encoder_.names, period.ravel(), self.line_
        )
        raw = summed(self.booster_, matrix, threads=self.num_threads)
        return np.asarray(expit(raw + line)).reshape(period.shape)

    def _open_gap(self, X: pd.DataFrame, passed: np.ndarray, renew: Renew) -> OpenGap:
        def opened(rows: np.ndarray, events: int, opening: np.ndarray, periods: int) -> np.ndarray:
            then = renew(X.iloc[rows], events, passed[rows] + opening)
            return event_by_period(self._hazard(then, periods, np.zeros(len(rows))))

        return opened


def _checked_elapsed(elapsed: ArrayLike | None, periods: int, *, rows: int) -> np.ndarray:
    if periods < 1:
        raise ValueError(f"periods is {periods}: look ahead by 1 or more whole periods.")
    passed = np.zeros(rows) if elapsed is None else np.asarray(elapsed, dtype=float)
    if len(passed) != rows or not (passed >= 0).all():
        raise ValueError(
            f"elapsed has {len(passed)} rows for {rows} of X, or is negative or missing: "
            "pass the whole periods that have passed, one number per row."
        )
    whole: np.ndarray = np.floor(passed)
    return whole


def _blocks(rows: int, periods: int) -> Iterator[slice]:
    at_once = max(1, _BLOCK // periods)
    return (slice(start, start + at_once) for start in range(0, rows, at_once))
