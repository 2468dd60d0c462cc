"""A probability that can be counted on, from any frame: trees, a linear partner, calibration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from models.learners.binary import BinaryClassifier, both
from models.learners.blending import Blend, linear_share
from models.learners.boosting import Rows, Trees, boost, monotone_constraints, start_of
from models.learners.calibrators import Calibration, calibrate, expit
from models.learners.encoder import FrameEncoder
from models.learners.folds import crosswise, latest
from models.learners.frame import (
    FloatArray,
    FrameError,
    as_frame,
    as_offset,
    as_outcomes,
    as_weights,
)
from models.learners.linear import LinearModel
from models.learners.propensity_file import Parts, read_model, write_model
from models.learners.reasons import probability_points

#: Most trees where early stopping decides.
MOST_TREES = 3000


class PropensityClassifier(BinaryClassifier):
    """Boosted trees, blended with a logistic regression where that helps, and calibrated.

    With `X_cal` and `y_cal` (a later period, say) the trees are grown on all of `X`, and
    number of trees, blend and calibrator are decided there. Without them all three are
    decided on held-out fifths of `X`, whole groups at a time, and the scores of the five
    sets of trees are averaged.

    Parameters
    ----------
    learning_rate : float
        Step of each tree.
    leaves : int
        Most leaves of a tree.
    min_leaf : int
        Fewest rows in a leaf.
    l2 : float
        Ridge on the leaf values.
    columns_share : float
        Share of the columns that each tree may use, in (0, 1].
    rows_share : float
        Share of the rows that each tree is grown on, in (0, 1].
    trees : int, optional
        Number of trees; where it is left out, early stopping on held-out rows decides.
    bags : int
        Sets of trees from different seeds whose log-odds are averaged.
    blend : bool
        Whether a logistic regression may take part, where held-out log loss says so.
    calibration : str
        `"auto"`, `"beta"`, `"platt"`, `"isotonic"` or `"none"`; see `calibrate`.
    monotone : mapping, optional
        By column: 1 where the probability may only rise with the number, -1 only fall. The
        linear partner then stays away.
    max_levels, min_rows : int
        See `FrameEncoder`.
    threads : int, optional
        All cores where left out. The result does not depend on it.
    seed : int
        The same data and seed give the same model.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> X = pd.DataFrame({"recency_days": random.integers(0, 365, 2000)})
    >>> y = random.random(2000) < np.where(X["recency_days"] < 90, 0.3, 0.1)
    >>> learner = PropensityClassifier(seed=1).fit(X, y)
    >>> new = pd.DataFrame({"recency_days": [10, 300]})
    >>> learner.predict_proba(new)[:, 1].round(1)
    array([0.3, 0.1])
    """

    def __init__(
        self,
        *,
        learning_rate: float = 0.05,
        leaves: int = 31,
        min_leaf: int = 20,
        l2: float = 1.0,
        columns_share: float = 0.7,
        rows_share: float = 0.8,
        trees: int | None = None,
        bags: int = 1,
        blend: bool = True,
        calibration: Calibration = "auto",
        monotone: Mapping[str, int] | None = None,
        max_levels: int = 250,
        min_rows: int = 10,
        threads: int | None = None,
        seed: int = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.min_leaf = min_leaf
        self.l2 = l2
        self.columns_share = columns_share
        self.rows_share = rows_share
        self.trees = trees
        self.bags = bags
        self.blend = blend
        self.calibration = calibration
        self.monotone = monotone
        self.max_levels = max_levels
        self.min_rows = min_rows
        self.threads = threads
        self.seed = seed

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        groups: Any = None,
        time: Any = None,
        X_cal: Any = None,
        y_cal: Any = None,
        keep_rate: Any = 1.0,
        keep_rate_cal: Any = 1.0,
    ) -> Self:
        """Learn from rows and outcomes.

        Parameters
        ----------
        X : DataFrame of shape (n, n_columns)
            Numbers, flags, dates, text, categories; missing values are welcome.
        y : array-like of shape (n,)
            Outcomes, 0 or 1 (or False, True).
        sample_weight : array-like of shape (n,), optional
            How often each row counts. Not for balancing classes: that spoils probabilities.
        groups : array-like of shape (n,), optional
            The customer of each row; no customer is on both sides of a held-out part.
        time : array-like of shape (n,), optional
            When each row was. Number of trees and blend are then decided on the latest
            fifth, for data that drift: a held-out row of the same week flatters. Trees and
            line then learn from all rows.
        X_cal, y_cal : optional
            Rows on which number of trees, blend and calibration are decided.
        keep_rate, keep_rate_cal : float or array-like of shape (n,)
            Share of the negatives like this row that was kept when rows were thinned, in
            (0, 1], in `X` and in `X_cal`. The probabilities are those before thinning.

        Raises
        ------
        FrameError
            If the rows cannot be learned from; the message says why.
        """
        frame = as_frame(X)
        outcome = as_outcomes(y, frame)
        if (X_cal is None) != (y_cal is None):
            raise FrameError("X_cal and y_cal belong together; pass both or neither")
        self.encoder_ = FrameEncoder(max_levels=self.max_levels, min_rows=self.min_rows).fit(frame)
        rows = self.encoded(frame, outcome, weight=sample_weight, keep_rate=keep_rate)
        start = start_of(rows)
        if X_cal is None and time is None:
            self._fit_crosswise(rows, start, groups, trees=self.trees)
        elif X_cal is None:
            self._fit_by_time(rows, start, groups, time)
        else:
            frame_cal = as_frame(X_cal, self.encoder_.names)
            outcome_cal = as_outcomes(y_cal, frame_cal, name="y_cal")
            held_out = self.encoded(frame_cal, outcome_cal, keep_rate=keep_rate_cal)
            self._fit_with(rows, held_out, start)
        return self._learned(X)

    def settled(self) -> Self:
        """Return an unfitted copy whose number of trees is the one that was decided here.

        Fit on a training period and stop on the next one, then fit the copy on both and
        calibrate on a third: no row that decides anything is lost for learning.
        """
        check_is_fitted(self, "trees_")
        grown = [booster.current_iteration() for booster in self.trees_.boosters]
        copy: Self = clone(self)
        copy.set_params(trees=max(1, round(sum(grown) / len(grown))))
        return copy

    def encoded(
        self, frame: pd.DataFrame, y: FloatArray, *, weight: Any = None, keep_rate: Any = 1.0
    ) -> Rows:
        """Encode rows, with what thinning their negatives added to the log-odds."""
        return Rows(
            self.encoder_.transform(frame),
            y,
            as_weights(weight, len(frame)),
            as_offset(keep_rate, len(frame)),
        )

    def _fit_with(self, rows: Rows, held_out: Rows, start: float) -> None:
        """Grow trees on all rows; decide the rest on the held-out ones."""
        stop = held_out if self.trees is None else None
        boosters = tuple(self._boost(rows, start, bag, held_out=stop) for bag in range(self.bags))
        self.trees_ = Trees(boosters, start)
        self.linear_ = self._fit_linear(rows) if self._may_blend() else None
        self._decide(
            self.trees_.log_odds(held_out.matrix, threads=self.threads),
            self.linear_.log_odds(held_out.matrix) if self.linear_ else None,
            held_out,
        )

    def _fit_by_time(self, rows: Rows, start: float, groups: Any, time: Any) -> None:
        """Decide on trees and blend by the latest rows, then learn from all of them.

        The calibrator is fitted anew: that of the earlier model corrects the faults of the
        earlier model.
        """
        split = latest(rows.y, time)
        self._fit_with(rows.at(split.seen), rows.at(split.held_out), start)
        needed = max(1, *(booster.num_trees() for booster in self.trees_.boosters))
        self._fit_crosswise(rows, start, groups, trees=needed, share=self.linear_share_)

    def _fit_crosswise(
        self,
        rows: Rows,
        start: float,
        groups: Any,
        *,
        trees: int | None,
        share: float | None = None,
    ) -> None:
        """Decide what is left to decide on parts, each scored by trees that have not seen it."""
        boosters: list[Any] = []
        by_trees = np.full(len(rows.y), start)
        by_line = np.full(len(rows.y), start)
        for seen, held in crosswise(rows.y, groups=groups, seed=self.seed):
            part, held_out = rows.at(seen), rows.at(held)
            stop = held_out if trees is None else None
            grown = tuple(
                self._boost(part, start, bag, held_out=stop, trees=trees)
                for bag in range(self.bags)
            )
            by_trees[held] = Trees(grown, start).log_odds(held_out.matrix, threads=self.threads)
            if self._may_blend():
                by_line[held] = self._fit_linear(part).log_odds(held_out.matrix)
            boosters += grown
        self.trees_ = Trees(tuple(boosters), start)
        self.linear_ = self._fit_linear(rows) if self._may_blend() else None
        self._decide(by_trees, by_line if self.linear_ else None, rows, share=share)

    def _decide(
        self,
        by_trees: FloatArray,
        by_line: FloatArray | None,
        rows: Rows,
        *,
        share: float | None = None,
    ) -> None:
        """Choose blend, unless its share is given, and calibrator by held-out log loss."""
        self.linear_share_ = 0.0
        if by_line is not None:
            if share is None:
                share = linear_share(
                    by_trees, by_line, rows.y, weight=rows.weight, offset=rows.offset
                )
            self.linear_share_ = share
            by_trees = (1 - self.linear_share_) * by_trees + self.linear_share_ * by_line
        if not self.linear_share_:
            self.linear_ = None
        self.calibrator_ = calibrate(
            by_trees,
            rows.y,
            method=self.calibration,
            weight=rows.weight,
            offset=rows.offset,
            seed=self.seed,
        )

    def _may_blend(self) -> bool:
        return self.blend and not self.monotone

    def _fit_linear(self, rows: Rows) -> LinearModel:
        return LinearModel.fit(
            rows.matrix,
            rows.y,
            self.encoder_.columns,
            weight=rows.weight,
            offset=rows.offset,
            seed=self.seed,
        )

    def _boost(
        self,
        rows: Rows,
        start: float,
        bag: int,
        *,
        held_out: Rows | None = None,
        trees: int | None = None,
    ) -> Any:
        return boost(
            rows,
            start=start,
            text=self.encoder_.text_positions,
            parameters=self.tree_parameters(bag),
            trees=trees or self.trees or MOST_TREES,
            held_out=held_out,
        )

    def tree_parameters(self, bag: int = 0) -> dict[str, Any]:
        """Return the parameters under LightGBM's names."""
        return {
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.min_leaf,
            "lambda_l2": self.l2,
            "feature_fraction": self.columns_share,
            "bagging_fraction": self.rows_share,
            "bagging_freq": int(self.rows_share < 1),
            # A rare city is drawn towards all cities.
            "cat_smooth": 20.0,
            "cat_l2": 20.0,
            "seed": self.seed + 1000 * bag,
            "num_threads": self.threads or 0,
            **monotone_constraints(self.monotone or {}, self.encoder_.names),
        }

    def predict_log_odds(self, X: Any) -> FloatArray:
        """Return calibrated log-odds, of shape (n,)."""
        check_is_fitted(self, "calibrator_")
        return self.calibrator_(self._blend().log_odds(self.encoder_.transform(X)))

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probabilities of 0 and of 1, of shape (n, 2)."""
        return both(expit(self.predict_log_odds(X)))

    def explain(self, X: Any) -> pd.DataFrame:
        """Return what each column adds to each row's probability, in probability points.

        Contributions to the log-odds (TreeSHAP and the linear terms) are mapped through the
        calibrator by the slope of the straight line from the base to the row's score, so
        that a row adds up to its probability exactly.

        Returns
        -------
        DataFrame of shape (n, 1 + n_columns)
            Index of X; `"(base)"`, the score of average contributions, then one column per
            column of X. The sum over a row is `predict_proba(X)[:, 1]`.

        References
        ----------
        .. [1] Lundberg, S. M. et al. (2020). From local explanations to global understanding
           with explainable AI for trees. Nature Machine Intelligence 2, 56-67.
        """
        check_is_fitted(self, "calibrator_")
        base, added = self._blend().contributions(self.encoder_.transform(X))
        points = probability_points(base, added, self.calibrator_)
        index = X.index if isinstance(X, pd.DataFrame) else None
        return pd.DataFrame(points, index=index, columns=["(base)", *self.encoder_.names])

    def _blend(self) -> Blend:
        return Blend(self.trees_, self.linear_, self.linear_share_, self.threads)

    def save(self, folder: Path) -> None:
        """Write the model as LightGBM text files and one JSON file, which comes last.

        A folder without `model.json` is therefore not a model.
        """
        check_is_fitted(self, "calibrator_")
        write_model(
            folder,
            learner=type(self).__name__,
            parameters=self.get_params(),
            parts=Parts(
                self.encoder_, self.trees_, self.linear_, self.linear_share_, self.calibrator_
            ),
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back what `save` wrote.

        Raises
        ------
        FrameError
            If the folder was written by another learner or by a later version.
        """
        parameters, parts = read_model(folder, learner=cls.__name__)
        learner = cls(**parameters)
        learner.encoder_, learner.trees_, learner.linear_ = parts.encoder, parts.trees, parts.linear
        learner.linear_share_, learner.calibrator_ = parts.linear_share, parts.calibrator
        return learner._learned(pd.DataFrame(columns=learner.encoder_.names))
