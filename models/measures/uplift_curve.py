r"""The uplift curve, and the areas and heights read off it.

Rank customers by predicted effect, best first. Treating the best share `q` of them gains

    G(q) = 1/n * (sum of the effect scores of the best q * n customers),

per customer of the whole base and in the unit of the outcome. Treating a random share `q`
gains `q * G(1)`. There is one Qini in this project, and it is the area between the two:

    Qini = integral over q from 0 to 1 of (G(q) - q * G(1)) dq.

It is 0 for a random ranking, positive for a useful one, and the same number whatever the
size of the sample and the share of treated. Customers with equal predictions are one
block, inside which `G` is a straight line: their order in the file never matters.

Normalised, it is divided by `abs(G(1))`, the average effect: a Qini of 0.1 then says that
the area is a tenth of what treating everybody gains. Other libraries print other numbers
under the same name; `models.measures.compatibility` reproduces them.

All functions take the outcome and who was treated, or, without `treated`, effect scores
(or true effects) in place of the outcome.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.measures.doubly_robust import Floats, gains_of
from models.measures.sample import MeasureError


class Blocks(NamedTuple):
    """Customers of equal predicted effect, best block first."""

    edges: Floats
    """Shares at which blocks begin and end, from 0 to 1; shape (n_blocks + 1,)."""
    gain: Floats
    """Sum of the effect scores of a block, over the number of customers; (n_blocks,)."""


def blocks(gain: Floats, effect: ArrayLike) -> Blocks:
    """Sort by predicted effect, best first, and add up the scores of equal predictions."""
    ranking = np.asarray(effect, dtype=np.float64)
    if ranking.shape != gain.shape:
        raise MeasureError(
            f"effect has shape {ranking.shape}, the outcome {gain.shape}. Pass one predicted "
            f"effect per customer."
        )
    if len(gain) == 0 or np.isnan(ranking).any():
        raise MeasureError("effect is empty or has missing values; every customer needs one.")
    order = np.argsort(-ranking, kind="stable")
    ranked = ranking[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    edges = np.r_[starts, len(ranked)] / len(ranked)
    return Blocks(edges, np.add.reduceat(gain[order], starts) / len(ranked))


def uplift_curve(
    y: ArrayLike,
    effect: ArrayLike,
    treated: ArrayLike | None = None,
    *,
    probability: ArrayLike | None = None,
    expected: tuple[ArrayLike, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Points of the curve: what treating the best share gains, per customer of the base.

    Parameters
    ----------
    y : array-like of shape (n_customers,)
        Observed outcome; effect scores or true effects where `treated` is left out.
    effect : array-like of shape (n_customers,)
        Predicted effect; any monotone scale will do.
    treated : array-like of shape (n_customers,), optional
        1 for the treated, 0 for the control.
    probability, expected : optional
        See `models.measures.doubly_robust.effect_scores`.

    Returns
    -------
    DataFrame
        `share` in [0, 1], `gain` of the ranking and `random`, in the unit of `y`.

    Examples
    --------
    >>> uplift_curve([3.0, 1.0, -1.0, 1.0], effect=[4, 3, 1, 2])["gain"].tolist()
    [0.0, 0.75, 1.0, 1.25, 1.0]
    """
    cut = blocks(gains_of(y, treated, probability=probability, expected=expected), effect)
    gain = np.r_[0.0, np.cumsum(cut.gain)]
    return pd.DataFrame({"share": cut.edges, "gain": gain, "random": cut.edges * gain[-1]})


def qini(
    y: ArrayLike,
    effect: ArrayLike,
    treated: ArrayLike | None = None,
    *,
    probability: ArrayLike | None = None,
    expected: tuple[ArrayLike, ArrayLike] | None = None,
    normalized: bool = False,
) -> float:
    """Area between the uplift curve and the random line; the definition of this project.

    Parameters
    ----------
    y, effect, treated, probability, expected
        As in `uplift_curve`.
    normalized : bool
        Divide by the absolute average effect.

    Returns
    -------
    float
        Per customer and in the unit of `y`, or dimensionless if normalised; 0 is random.

    Raises
    ------
    MeasureError
        If input is missing or of different lengths, or if a normalised value is asked for
        where the average effect is zero.

    References
    ----------
    .. [1] Radcliffe, N. J. (2007). Using control groups to target on predicted lift.
       Direct Marketing Analytics Journal, 14-21.

    Examples
    --------
    >>> qini([3.0, 1.0, -1.0, 1.0], effect=[4, 3, 1, 2])
    0.375
    """
    cut = blocks(gains_of(y, treated, probability=probability, expected=expected), effect)
    area = float(cut.gain @ qini_weights(cut.edges))
    if not normalized:
        return area
    average = abs(float(cut.gain.sum()))
    if average == 0:
        raise MeasureError("the average effect is 0, so Qini cannot be divided by it.")
    return area / average


def auuc(
    y: ArrayLike,
    effect: ArrayLike,
    treated: ArrayLike | None = None,
    *,
    probability: ArrayLike | None = None,
    expected: tuple[ArrayLike, ArrayLike] | None = None,
) -> float:
    """Area under the uplift curve, per customer and in the unit of `y`.

    Half the average effect for a random ranking. Arguments as in `uplift_curve`.

    Examples
    --------
    >>> auuc([3.0, 1.0, -1.0, 1.0], effect=[4, 3, 1, 2])
    0.875
    """
    cut = blocks(gains_of(y, treated, probability=probability, expected=expected), effect)
    return float(cut.gain @ auuc_weights(cut.edges))


def autoc(
    y: ArrayLike,
    effect: ArrayLike,
    treated: ArrayLike | None = None,
    *,
    probability: ArrayLike | None = None,
    expected: tuple[ArrayLike, ArrayLike] | None = None,
) -> float:
    """Area under the targeting operator characteristic: how much better the best are.

    The characteristic at `q` is the average effect of the best share `q`, less the average
    effect of all. Its area weighs the very best customers more than Qini does. 0 is random.
    Arguments as in `uplift_curve`; in the unit of `y`.

    References
    ----------
    .. [1] Yadlowsky, S., Fleming, S., Shah, N., Brunskill, E. and Wager, S. (2025).
       Evaluating treatment prioritization rules via rank-weighted average treatment
       effects. JASA 120, 38-51.

    Examples
    --------
    >>> round(autoc([3.0, 1.0, -1.0, 1.0], effect=[4, 3, 1, 2]), 4)
    1.1247
    """
    cut = blocks(gains_of(y, treated, probability=probability, expected=expected), effect)
    return float(cut.gain @ autoc_weights(cut.edges))


def uplift_at(
    y: ArrayLike,
    effect: ArrayLike,
    treated: ArrayLike | None = None,
    *,
    share: float,
    probability: ArrayLike | None = None,
    expected: tuple[ArrayLike, ArrayLike] | None = None,
) -> float:
    """Average effect among the best share, per customer in it and in the unit of `y`.

    A block of equal predictions that the share cuts through counts by the part inside.
    Other arguments as in `uplift_curve`.

    Raises
    ------
    MeasureError
        If `share` is outside (0, 1].

    Examples
    --------
    >>> uplift_at([3.0, 1.0, -1.0, 1.0], effect=[4, 3, 1, 2], share=0.5)
    2.0
    """
    if not 0 < share <= 1:
        raise MeasureError(f"share is {share}; it has to lie in (0, 1], such as 0.1 for a tenth.")
    curve = uplift_curve(y, effect, treated, probability=probability, expected=expected)
    return float(np.interp(share, curve["share"], curve["gain"])) / share


def auuc_weights(edges: Floats) -> Floats:
    """Weight of each block in the area under the curve: the mean of 1 - q inside it."""
    return 1 - (edges[..., 1:] + edges[..., :-1]) / 2


def qini_weights(edges: Floats) -> Floats:
    """Weight of each block in Qini: the mean of 1/2 - q inside it."""
    return auuc_weights(edges) - 0.5


def autoc_weights(edges: Floats) -> Floats:
    """Weight of each block in AUTOC: the mean of -log(q) - 1 inside it."""
    whole = edges - edges * np.log(np.where(edges > 0, edges, 1.0))  # integral of -log
    width = np.diff(edges, axis=-1)
    return np.diff(whole, axis=-1) / np.where(width > 0, width, 1.0) - 1
