"""Buy It Again: Amazon's modified Poisson-Gamma model of the next purchase of a product."""

from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

#: Repeat customers a product needs for a prior of its own.
_MIN_CUSTOMERS = 5


class PoissonGamma:
    r"""Rate at which a customer buys a product again, and whether customers do so at all.

    A customer who bought the product :math:`k` times over :math:`t_\text{purch}` periods, the
    last time :math:`t` periods ago, with a mean gap of :math:`\bar t`, has the rate

    .. math:: \lambda = \begin{cases}
        (k + \alpha) / (t_\text{purch} + 2\,|\bar t - t| + \beta) & t < 2 \bar t \\
        (k + \alpha) / (t_\text{purch} + t + \beta) & \text{otherwise}
        \end{cases}

    which peaks when the product is due: that is the modification. The gamma prior
    (:math:`\alpha, \beta`) of each product is fitted to the rates of those who bought it more
    than once. The probability to buy within a horizon is :math:`1 - e^{-\lambda h}` times the
    product's share of customers who ever came back (the repeat customer probability).

    Customers with one purchase have no gap of their own; the product's mean gap stands in.

    Attributes
    ----------
    products_ : DataFrame
        By product: `alpha`, `beta` (periods), `gap` (mean gap, periods) and `repeat_share`.
    overall_ : Series
        The same of all products together, for products with fewer than 5 repeat customers.

    References
    ----------
    .. [1] Bhagat, R., Muralidharan, S., Lobzhanidze, A. and Vishwanath, S. (2018). Buy It
       Again: modeling repeat purchase recommendations. KDD '18, 62-70, section 3.4.

    Examples
    --------
    >>> model = PoissonGamma().fit(
    ...     product=["tea"] * 4, purchases=[3, 2, 1, 5], span=[20, 12, 0, 38]
    ... )
    >>> due, early = model.predict(
    ...     ["tea", "tea"], purchases=[3, 3], span=[20, 20], elapsed=[10, 1], periods=4
    ... )
    >>> bool(due > early)
    True
    """

    products_: pd.DataFrame
    overall_: pd.Series

    def fit(self, product: ArrayLike, purchases: ArrayLike, span: ArrayLike) -> Self:
        """Find the prior of each product.

        Parameters
        ----------
        product : array-like of shape (n_pairs,)
            The product of each pair of customer and product.
        purchases : array-like of shape (n_pairs,)
            How often the customer bought it, at least 1.
        span : array-like of shape (n_pairs,)
            Periods from the first to the last of these purchases; 0 with a single one.

        Returns
        -------
        PoissonGamma
            This object, fitted.

        Raises
        ------
        ValueError
            If nobody bought anything twice, or the arrays are not such histories.
        """
        pairs = pd.DataFrame(
            {
                "product": np.asarray(product),
                "purchases": np.asarray(purchases, dtype=float),
                "span": np.asarray(span, dtype=float),
            }
        )
        wrong = ~((pairs["purchases"] >= 1) & (pairs["span"] >= 0))
        if wrong.any():
            raise ValueError(
                f"{wrong.sum()} pairs have no possible history: purchases is at least 1 and "
                "span, from the first to the last of them, at least 0."
            )
        again = pairs[(pairs["purchases"] > 1) & (pairs["span"] > 0)]
        if again.empty:
            raise ValueError("nobody bought anything twice: there is no rate to fit.")
        self.overall_ = pd.Series(_prior(again) | {"repeat_share": len(again) / len(pairs)})
        customers, repeating = pairs.groupby("product").size(), again.groupby("product").size()
        own = {
            name: _prior(part)
            for name, part in again.groupby("product")
            if len(part) >= _MIN_CUSTOMERS
        }
        products = pd.DataFrame.from_dict(own, orient="index", columns=["alpha", "beta", "gap"])
        products = products.astype(float).reindex(customers.index)
        # Few customers say little of how many come back: ten of everybody's are added.
        products["repeat_share"] = (
            repeating.reindex(customers.index).fillna(0) + 10 * self.overall_["repeat_share"]
        ) / (customers + 10)
        self.products_ = products.fillna(self.overall_)
        return self

    def rate(
        self, product: ArrayLike, *, purchases: ArrayLike, span: ArrayLike, elapsed: ArrayLike
    ) -> np.ndarray:
        """Return the rate of purchase per period of customers who come back at all.

        Parameters
        ----------
        product, purchases, span : array-like of shape (n_pairs,)
            As for `fit`; a product never seen gets the prior of all.
        elapsed : array-like of shape (n_pairs,)
            Periods since the last purchase.

        Returns
        -------
        ndarray of shape (n_pairs,)
            Positive.
        """
        prior = self._prior_of(product)
        k, between, t = (np.asarray(a, dtype=float) for a in (purchases, span, elapsed))
        gap = np.where(k > 1, between / np.maximum(k - 1, 1), prior["gap"])
        exposure = np.where(t < 2 * gap, between + 2 * np.abs(gap - t), between + t)
        return np.asarray((k + prior["alpha"]) / (exposure + prior["beta"]))

    def predict(
        self,
        product: ArrayLike,
        *,
        purchases: ArrayLike,
        span: ArrayLike,
        elapsed: ArrayLike,
        periods: float,
    ) -> np.ndarray:
        """Return the probability of a purchase within the coming periods, in [0, 1].

        Parameters are those of `rate`, and `periods`, the horizon.
        """
        rate = self.rate(product, purchases=purchases, span=span, elapsed=elapsed)
        share = self._prior_of(product)["repeat_share"].to_numpy()
        # Whoever bought twice is known to come back.
        comes_back = np.where(np.asarray(purchases) > 1, 1.0, share)
        return np.asarray(comes_back * -np.expm1(-rate * periods))

    def _prior_of(self, product: ArrayLike) -> pd.DataFrame:
        return self.products_.reindex(np.asarray(product)).fillna(self.overall_)


def _prior(again: pd.DataFrame) -> dict[str, float]:
    """Gamma distribution of the rates by maximum likelihood, and the mean gap.

    The shape solves log(alpha) - digamma(alpha) = log(mean) - mean(log); equal rates would
    make it infinite, so it stops at 100.
    """
    from scipy.optimize import brentq
    from scipy.special import digamma

    rate = ((again["purchases"] - 1) / again["span"]).to_numpy()
    spread = float(np.log(rate.mean()) - np.log(rate).mean())
    shape = 100.0
    if spread > np.log(shape) - digamma(shape):
        shape = float(brentq(lambda a: np.log(a) - digamma(a) - spread, 1e-6, shape))
    gap = float(again["span"].sum() / (again["purchases"] - 1).sum())
    return {"alpha": shape, "beta": shape / float(rate.mean()), "gap": gap}
