"""Columns of X that the hazard treats apart, and what it shows its trees of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from models.learners.hazard_line import HazardLine, History

#: Columns that the learner adds to X: the period of the gap, and what follows from it.
ADDED = ("period", "period_over_typical_gap", "log_rate")


class HazardColumns(NamedTuple):
    """The names given to `HazardClassifier`, each None where it was not.

    Attributes
    ----------
    earlier_events, age, typical_gap : str or None
        Columns of X.
    """

    earlier_events: str | None
    age: str | None
    typical_gap: str | None

    def check(self, X: pd.DataFrame) -> None:
        """Raise ValueError if X lacks a column that was named, or has one that is added."""
        taken = sorted(set(ADDED) & set(X.columns))
        if taken:
            raise ValueError(f"X has a column {taken[0]}, which the learner adds: rename it.")
        if (self.earlier_events is None) != (self.age is None):
            raise ValueError("earlier_events and age describe one history: name both or none.")
        for name in self:
            if name is not None and name not in X.columns:
                raise ValueError(f"X has no column {name}, which the learner was told to use.")

    def shown(self, names: Sequence[str]) -> list[int]:
        """Return the positions of the features that the trees see: all but the age.

        Where customers joined at one time, their age is the calendar, and the trees would
        learn last season's ups and downs as if they came again. The line alone uses it.
        """
        return [place for place, name in enumerate(names) if name != self.age]

    def history(self, features: np.ndarray, names: Sequence[str]) -> History | None:
        """Return earlier events and age from encoded rows; None where they were not named.

        Raises
        ------
        ValueError
            If some are missing or negative.
        """
        if self.earlier_events is None or self.age is None:
            return None
        places = [names.index(name) for name in (self.earlier_events, self.age)]
        history = History(*features[:, places].T)
        wrong = sum(int((~(column >= 0)).sum()) for column in history)
        if wrong:
            raise ValueError(
                f"{self.earlier_events} and {self.age} are missing or negative in {wrong} places: "
                "a first gap has 0 earlier events and age 0."
            )
        return history

    def trees_see(
        self, features: np.ndarray, names: Sequence[str], period: np.ndarray, line: HazardLine
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the matrix of the trees, and the line that they start from.

        Parameters
        ----------
        features : array of shape (n_rows, n_features)
            Encoded rows of X.
        names : sequence of str
            Their columns.
        period : array of shape (n_rows,)
            Period of the gap, at least 1.
        line : HazardLine
            Fitted.
        """
        added = [period.astype(float)]
        if self.typical_gap is not None:
            typical = features[:, names.index(self.typical_gap)]
            positive = np.where(typical > 0, typical, np.nan)
            added.append(period / positive)
        history = self.history(features, names)
        if history is not None:
            added.append(line.log_rate(period, history))
        matrix = np.column_stack([features[:, self.shown(names)], *added])
        return matrix, line.logit(period, history)

    def renewed(self, X: pd.DataFrame, events: int, waited: np.ndarray) -> pd.DataFrame:
        """Return X when a gap opens after further events, the last `waited` periods from now."""
        if self.earlier_events is None or self.age is None:
            return X
        history = {
            self.earlier_events: X[self.earlier_events] + events,
            self.age: X[self.age] + waited,
        }
        return X.assign(**history)
