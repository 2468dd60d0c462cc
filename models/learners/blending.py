"""How much a linear model should say beside the trees."""

import numpy as np

from models.learners.calibrators import log_expit
from models.learners.frame import FloatArray
from models.learners.newton import fit_logistic

#: Shares that are tried.
SHARES = tuple(twentieth / 20 for twentieth in range(21))


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
