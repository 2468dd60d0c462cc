"""From candidates to one effect: select within a kind, then stack the kinds.

Selection between effect learners is itself noisy: at the size of most campaigns their
differences are within a standard error, and picking the winner of many picks noise. So:

1. Within a kind (the S line, other lines, trees DR, trees R, trees of outcomes, the
   response) the candidate that does best on held-out rows is taken. The yardstick z is the
   mean of two: the correlation with doubly robust scores (effects of the right size), and
   the same for its ranks, which is its Qini over the Qini's standard error (the mean value
   of the policies "treat the best share", over all shares).
2. The kinds start with weights of belief: prior times exp(z^2 / 8). The prior is for the
   plain kind; others have to show more. Of rival models one of which is true it would be
   exp(z^2 / 2); but none of them is, and together they rank better than the one in front.
3. A non-negative least-squares fit to the scores may move weights away from there, held
   back by a ridge. One over the ridge grows with the fourth power of the standard errors at
   which the campaign shows differences: the ridge holds at four (six times the data), is
   even with the data at 6.3, and little beside them at twelve. The best of several rankings
   that are all half right is then a mixture, whichever of them leads.

References
----------
Mahajan, D., Mitliagkas, I., Neal, B. and Syrgkanis, V. (2024). Empirical analysis of model
selection for heterogeneous causal effect estimation. ICLR (two-level selection).
"""

from typing import NamedTuple

import numpy as np

from models.learners.effect_candidates import FAMILIES
from models.learners.frame import FloatArray

#: Belief in each kind before any data; the study above finds complex learners ahead only
#: where data are plenty.
PRIOR = {
    "line S": 0.94,
    "other lines": 0.02,
    "trees DR": 0.005,
    "trees R": 0.005,
    "trees of outcomes": 0.01,
    "response": 0.02,
}
#: How fast belief grows with the squared standard errors that a candidate shows.
SHARPNESS = 1 / 8
#: Standard errors of the strongest candidate at which belief and data count alike.
EVEN = 6.3
#: Weights below this share of the whole are dropped: they cost time and change nothing.
LEAST_SHARE = 0.02
#: Where nothing does better than chance, believed candidates keep this part of their own
#: size, so that there is a ranking.
FAINT = 0.05


class Standing(NamedTuple):
    """How a candidate does on held-out rows, in standard errors of chance."""

    by_size: float
    by_rank: float

    @property
    def z(self) -> float:
        """The mean of both."""
        return (self.by_size + self.by_rank) / 2


def ranks(effect: FloatArray) -> FloatArray:
    """Return mid-ranks from -1/2 to 1/2, best highest; ties share theirs."""
    _, block, count = np.unique(effect, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    return np.asarray(middle[block] / len(effect) - 0.5, dtype=np.float64)


def standing(effect: FloatArray, rank: FloatArray, score: FloatArray) -> Standing:
    """Compare predicted effects with doubly robust scores; 0 for a constant prediction."""
    off = score - score.mean()
    noise = float(np.sqrt(off @ off))

    def against(values: FloatArray) -> float:
        centred = values - values.mean()
        size = float(np.sqrt(centred @ centred))
        if size <= 1e-12 * max(1.0, float(np.abs(values).max())) * np.sqrt(len(values)):
            return 0.0
        return float(centred @ off) / size / noise * float(np.sqrt(len(score)))

    return Standing(against(effect), against(rank))


def weights(
    effects: dict[str, FloatArray], ranked: dict[str, FloatArray], score: FloatArray
) -> dict[str, float]:
    """Return the weight of each candidate that takes part, for its centred effects.

    Parameters
    ----------
    effects : dict of array of shape (n,)
        Held-out effects by name.
    ranked : dict of array of shape (n,)
        Their `ranks`.
    score : array of shape (n,)
        Doubly robust scores.
    """
    from scipy.optimize import nnls

    strength = {name: standing(effects[name], ranked[name], score).z for name in effects}
    best = {
        family: max(names, key=lambda name: strength[name]) for family, names in FAMILIES.items()
    }
    spread = {name: float(effects[name].std()) for name in best.values()}
    alive = {family: name for family, name in best.items() if spread[name] > 0}
    if not alive:
        return {}
    names = list(alive.values())
    z = np.maximum([strength[name] for name in names], 0.0)
    belief = np.array([PRIOR[family] for family in alive]) * np.exp(SHARPNESS * (z**2 - max(z**2)))
    belief /= belief.sum()
    standard = np.column_stack([_standard(effects[name]) for name in names])
    off = score - score.mean()
    slope = np.maximum(standard.T @ off / len(off), 0.0)
    if slope.max() <= 0:
        return _kept(names, FAINT * belief, np.ones(len(names)))
    # Squared standard errors of the strongest: as if the data counted `even` times as much.
    even = (len(off) * float(slope.max()) ** 2 / float(off.var())) / EVEN**2
    ridge = len(off) / even**2
    held = np.sqrt(ridge) * np.eye(len(names))
    start = np.sqrt(ridge) * belief * slope
    moved, _ = nnls(np.vstack([standard, held]), np.concatenate([off, start]))
    return _kept(names, moved, np.array([spread[name] for name in names]))


def _standard(effect: FloatArray) -> FloatArray:
    return np.asarray((effect - effect.mean()) / effect.std())


def _kept(names: list[str], on_standard: FloatArray, spread: FloatArray) -> dict[str, float]:
    """Drop what hardly counts, and turn weights of standardised effects into plain ones."""
    share = on_standard / on_standard.sum()
    return {
        name: float(weight / size)
        for name, weight, size, part in zip(names, on_standard, spread, share, strict=True)
        if part >= LEAST_SHARE
    }
