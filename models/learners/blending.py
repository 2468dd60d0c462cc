"""Trees and a linear model as one: what they say, and how much each of them should."""

from typing import NamedTuple

import numpy as np

from models.learners.boosting import Trees
from models.learners.calibrators import log_expit
from models.learners.frame import FloatArray
from models.learners.linear import LinearModel
from models.learners.newton import fit_logistic

#: Shares that are tried.
SHARES = tuple(twentieth / 20 for twentieth in range(21))


class Blend(NamedTuple):
    """Trees and a linear model, if any, with its share in [0, 1] of the log-odds."""

    trees: Trees
    linear: LinearModel | None
    linear_share: float
    threads: int | None = None

    def log_odds(self, matrix: FloatArray) -> FloatArray:
        """Return blended log-odds of encoded rows, before calibration."""
        by_trees = self.trees.log_odds(matrix, threads=self.threads)
        if self.linear is None:
            return by_trees
        by_line = self.linear.log_odds(matrix)
        return (1 - self.linear_share) * by_trees + self.linear_share * by_line

    def contributions(self, matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the base of each row, (n,), and what each column adds, (n, n_columns)."""
        added = self.trees.contributions(matrix, threads=self.threads)
        base, added = added[:, -1], added[:, :-1]
        if self.linear is not None:
            by_line = self.linear.contributions(matrix)
            base = (1 - self.linear_share) * base + self.linear_share * self.linear.intercept
            added = (1 - self.linear_share) * added + self.linear_share * by_line
        return base, added


def linear_share(
    by_trees: FloatArray,
    by_line: FloatArray,
    y: FloatArray,
    *,
    weight: FloatArray,
    offset: FloatArray,
) -> float:
    """Return the share in [0, 1] of the linear model in the blended log-odds.

    Of all shares whose log loss on held-out rows, after Platt's recalibration, is within
    one standard error of the best, the largest is taken: what cannot be told apart is
    decided for the simpler model, which bends less when the world does.

    Parameters
    ----------
    by_trees, by_line : array of shape (n,)
        Log-odds of rows that neither has seen.
    y, weight, offset : array of shape (n,)
        Outcomes, how often each row counts, log-odds added by sampling.

    References
    ----------
    .. [1] Wolpert, D. H. (1992). Stacked generalization. Neural Networks 5, 241-259.
       One standard error: Breiman, L. et al. (1984). Classification and regression trees,
       section 3.4.3.

    Examples
    --------
    >>> y = np.tile([0.0, 1.0, 1.0, 0.0], 100)
    >>> good = np.tile([-1.0, 1.0, 1.0, 1.0], 100)
    >>> linear_share(np.zeros(400), good, y, weight=np.ones(400), offset=np.zeros(400))
    1.0
    """
    losses = [
        weight * _surprise((1 - share) * by_trees + share * by_line, y, weight, offset)
        for share in SHARES
    ]
    best = min(losses, key=lambda loss: float(loss.sum()))
    close = [
        share
        for share, loss in zip(SHARES, losses, strict=True)
        if (loss - best).sum() <= np.sqrt(y.size) * (loss - best).std()
    ]
    return float(max(close))


def _surprise(raw: FloatArray, y: FloatArray, weight: FloatArray, offset: FloatArray) -> FloatArray:
    """Log loss of each row after Platt's recalibration."""
    intercept, slope = fit_logistic(raw[:, None], y, weight=weight, offset=offset)
    log_odds = intercept + slope * raw + offset
    return -log_expit(np.where(y == 1, log_odds, -log_odds))
