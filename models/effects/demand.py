"""How many will buy: from probabilities that add up to an interval that can be held to."""

import math
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

#: Products below which a spread cannot be told; the widest plausible one then stands in.
FEW_PRODUCTS = 8
#: Spread of a level of which nothing is known: as large as the level itself.
UNKNOWN_SPREAD = 1.0


class DemandLevel(NamedTuple):
    r"""How far counts of buyers lie from what probabilities add up to.

    The buyers of a product with expected count :math:`E` are negative binomial with mean
    :math:`rE` and variance :math:`rE + (s\, rE)^2`: chance of each customer, and a level of the
    product as a whole that nobody foresees.

    Attributes
    ----------
    ratio : float
        :math:`r`, observed over expected, pooled.
    spread : float
        :math:`s`, the standard deviation of a product's level relative to its mean.
    products : int
        How many products this rests on.

    References
    ----------
    .. [1] McCullagh, P. and Nelder, J. A. (1989). Generalized linear models, 2nd edition,
       section 6.2.3 (over-dispersed counts).
    """

    ratio: float
    spread: float
    products: int

    @classmethod
    def fitted(cls, expected: ArrayLike, buyers: ArrayLike) -> Self:
        """Return the level of some products, by the method of moments.

        Parameters
        ----------
        expected : array-like of shape (n_products,)
            What probabilities added up to, above 0.
        buyers : array-like of shape (n_products,)
            Who bought in fact.

        Examples
        --------
        >>> level = DemandLevel.fitted([10.0] * 20, [8, 12] * 10)
        >>> level.ratio, level.spread, level.products
        (1.0, 0.0, 20)
        """
        e, b = np.asarray(expected, dtype=np.float64), np.asarray(buyers, dtype=np.float64)
        kept = e > 0
        e, b = e[kept], b[kept]
        if len(e) < FEW_PRODUCTS:
            return cls(1.0, UNKNOWN_SPREAD, len(e))
        ratio = float(b.sum() / e.sum())
        mean = np.maximum(ratio * e, 1e-9)
        # Each product's level counts alike, however much it sells, as far as chance allows.
        excess = float((((b - mean) ** 2 - mean) / mean**2 * _weight(mean)).sum())
        return cls(ratio, math.sqrt(max(excess / _weight(mean).sum(), 0.0)), len(e))

    def interval(self, expected: float, *, level: float = 0.95) -> tuple[float, float, float]:
        """Return the expected number of buyers, and the interval that holds what comes.

        Parameters
        ----------
        expected : float
            What probabilities add up to.
        level : float
            Probability that the number of buyers lies within, in (0, 1).

        Returns
        -------
        value, low, high : float
            Buyers.

        Examples
        --------
        >>> DemandLevel(1.0, 0.0, 20).interval(100.0)
        (100.0, 81.0, 120.0)
        """
        from scipy.stats import nbinom, poisson

        mean = self.ratio * expected
        ends = ((1 - level) / 2, (1 + level) / 2)
        if self.spread**2 * mean < 1e-6 or mean <= 0:  # noqa: PLR2004 - nothing beyond chance
            low, high = poisson.ppf(ends, max(mean, 1e-12))
        else:
            size = 1 / self.spread**2
            low, high = nbinom.ppf(ends, size, size / (size + mean))
        return mean, float(low), float(high)


def _weight(mean: np.ndarray) -> np.ndarray:
    """Products that hardly sell say little of a level: their chance drowns it."""
    return np.asarray(mean / (1 + mean))
