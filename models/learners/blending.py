"""How much a linear model should say beside the trees."""

import numpy as np

from models.learners.calibrators import log_expit
from models.learners.frame import FloatArray
from models.learners.newton import fit_logistic


def linear_share(
    by_trees: FloatArray,
    by_line: FloatArray,
    y: FloatArray,
    *,
    weight: FloatArray,
    offset: FloatArray,
) -> float:
    """Return the share in [0, 1] of the linear model in the blended log-odds.

    Both scores are regressed on the outcomes of held-out rows; the share is that of the
    linear coefficient. A blend has to earn its place: its gain in log loss over the better
    of the two alone exceeds the gain's standard error, or that one is taken alone.

    Parameters
    ----------
    by_trees, by_line : array of shape (n,)
        Log-odds of rows that neither has seen.
    y, weight, offset : array of shape (n,)
        Outcomes, how often each row counts, log-odds added by sampling.

    References
    ----------
    .. [1] Wolpert, D. H. (1992). Stacked generalization. Neural Networks 5, 241-259.

    Examples
    --------
    >>> y = np.tile([0.0, 1.0, 1.0, 0.0], 100)
    >>> good = np.tile([-1.0, 1.0, 1.0, 1.0], 100)
    >>> linear_share(np.zeros(400), good, y, weight=np.ones(400), offset=np.zeros(400))
    1.0
    """
    pair = np.column_stack([by_trees, by_line])

    def losses(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
        intercept, *slopes = fit_logistic(columns, y, weight=weight, offset=offset)
        log_odds = intercept + columns @ np.asarray(slopes) + offset
        return np.asarray(slopes), -log_expit(np.where(y == 1, log_odds, -log_odds))

    _, of_trees = losses(pair[:, :1])
    _, of_line = losses(pair[:, 1:])
    (slope_trees, slope_line), of_both = losses(pair)
    alone = 1.0 if weight @ of_line < weight @ of_trees else 0.0
    if min(slope_trees, slope_line) <= 0:
        return alone
    gain = weight * ((of_line if alone else of_trees) - of_both)
    if gain.sum() <= np.sqrt(gain.size) * gain.std():
        return alone
    return float(slope_line / (slope_trees + slope_line))
