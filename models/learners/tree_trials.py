"""Try parameters of the trees on rows that are encoded and binned only once."""

from collections.abc import Callable, Mapping
from typing import Any

from sklearn.base import clone

from models.learners.boosting import binned, settings_of, start_of
from models.learners.encoder import FrameEncoder
from models.learners.frame import as_frame, as_outcomes
from models.learners.propensity import MOST_TREES, PropensityClassifier

#: How often a trial says how it does, in trees.
REPORTS_EVERY = 10


class TreeTrials:
    """Held-out log loss of the trees of a learner, by its parameters.

    Binning the rows anew for each trial would cost more than most trials.

    Parameters
    ----------
    learner : PropensityClassifier
        Unfitted; parameters that are not tried are taken from it.
    X, y, keep_rate
        Rows to learn from, as for its `fit`.
    X_held, y_held : DataFrame, array-like
        Rows of a later period, on which the trees are stopped and judged.
    """

    def __init__(
        self,
        learner: PropensityClassifier,
        X: Any,
        y: Any,
        *,
        X_held: Any,
        y_held: Any,
        keep_rate: Any = 1.0,
    ) -> None:
        frame = as_frame(X)
        self._learner = clone(learner)
        self._learner.encoder_ = FrameEncoder(
            max_levels=learner.max_levels, min_rows=learner.min_rows
        ).fit(frame)
        rows = self._learner.encoded(frame, as_outcomes(y, frame), keep_rate=keep_rate)
        later = as_frame(X_held, self._learner.encoder_.names)
        held = self._learner.encoded(later, as_outcomes(y_held, later, name="y_held"))
        start, text = start_of(rows), self._learner.encoder_.text_positions
        # Otherwise columns that `min_leaf` leaves no split are dropped for all trials to come.
        settings = {**settings_of(self._learner.tree_parameters()), "feature_pre_filter": False}
        self._data = binned(rows, start=start, text=text, settings=settings)
        self._held = binned(held, start=start, text=text, settings=settings, reference=self._data)

    def loss(
        self,
        parameters: Mapping[str, Any],
        *,
        report: Callable[[int, float], None] | None = None,
        patience: int = 50,
    ) -> float:
        """Return the lowest held-out log loss that trees with these parameters reach.

        Parameters
        ----------
        parameters : mapping
            Of the learner, by its own names.
        report : callable, optional
            Told the number of trees and their log loss now and then; what it raises ends the
            trial.
        patience : int
            Trees without a better one after which it is over.
        """
        import lightgbm as lgb

        learner = clone(self._learner).set_params(**parameters)
        learner.encoder_ = self._learner.encoder_
        callbacks: list[Callable[..., Any]] = [lgb.early_stopping(patience, verbose=False)]
        if report is not None:

            def tell(env: Any) -> None:
                if env.iteration % REPORTS_EVERY == 0:
                    report(env.iteration, env.evaluation_result_list[0][2])

            callbacks.append(tell)
        booster = lgb.train(
            {**settings_of(learner.tree_parameters()), "feature_pre_filter": False},
            self._data,
            num_boost_round=MOST_TREES,
            valid_sets=[self._held],
            valid_names=["held"],
            callbacks=callbacks,
        )
        return float(booster.best_score["held"]["binary_logloss"])
