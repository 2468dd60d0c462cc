"""BG/NBD: how often a customer will buy again, from three numbers about the past."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

#: Nodes of the quadrature over the probability to drop out. With 64, the result agrees with
#: the hypergeometric form to 1e-10 for horizons up to 30 times the age.
_NODES = 64

#: Natural logarithms of the parameters stay within this of 0 (times in units of the mean
#: age). Without any dropout in the data, b would run to infinity.
_LOG_BOUND = 12.0


class _History(NamedTuple):
    """What is known of each customer, aligned and checked."""

    frequency: np.ndarray
    recency: np.ndarray
    age: np.ndarray


class BetaGeometric:
    r"""The beta-geometric/NBD model, fitted by maximum likelihood.

    While active, a customer buys at a constant rate :math:`\lambda`, gamma distributed over
    customers with shape `r_` and rate `alpha_`. After each purchase the customer drops out for
    good with a probability :math:`p`, beta distributed with `a_` and `b_`.

    It knows the number of repeat purchases (`frequency`), the age at the last of them
    (`recency`) and the age today (`age`), the latter two since the first purchase and in the
    same unit of time; periods and the parameters then are in that unit too. Several purchases
    on one day count once.

    Attributes
    ----------
    r_, alpha_ : float
        Shape, and rate in units of time, of the distribution of purchase rates.
    a_, b_ : float
        Parameters of the distribution of dropout probabilities, whose mean is a / (a + b).
    log_likelihood_ : float
        Of the data at the fitted parameters.

    References
    ----------
    .. [1] Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). "Counting your customers" the
       easy way: an alternative to the Pareto/NBD model. Marketing Science 24(2), 275-284.

    Examples
    --------
    >>> model = BetaGeometric().fit(
    ...     frequency=[0, 2, 5, 0, 1], recency=[0, 30, 38, 0, 2], age=[39, 39, 39, 30, 35]
    ... )
    >>> model.expected_purchases([5], [38], [39], periods=39).round(1)
    array([4.1])
    """

    r_: float
    alpha_: float
    a_: float
    b_: float
    log_likelihood_: float

    def fit(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Self:
        """Find the parameters under which the histories are most likely.

        Parameters
        ----------
        frequency : array-like of shape (n_customers,)
            Number of repeat purchases: the first one does not count.
        recency : array-like of shape (n_customers,)
            Age at the last purchase; 0 for customers who never came back.
        age : array-like of shape (n_customers,)
            Time from the first purchase until today.

        Returns
        -------
        BetaGeometric
            This object, fitted.

        Raises
        ------
        ValueError
            If the arrays are not such histories, nobody came back, or no maximum is found.
        """
        from scipy.optimize import minimize

        history = _checked(frequency, recency, age)
        if not history.frequency.any():
            raise ValueError(
                "frequency is 0 throughout: without one repeat purchase there is no rate to fit."
            )
        # Times in units of the mean age put all four parameters near 1, where the search starts.
        unit = float(history.age.mean())
        scaled = np.column_stack([history.frequency, history.recency / unit, history.age / unit])
        distinct, count = np.unique(scaled, axis=0, return_counts=True)
        best = minimize(
            _negative_log_likelihood,
            x0=np.zeros(4),
            args=(_History(*distinct.T), count / len(scaled)),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-_LOG_BOUND, _LOG_BOUND)] * 4,
            options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 10_000},
        )
        if not np.isfinite(best.fun):
            raise ValueError("no maximum of the likelihood was found: check the unit of the times.")
        self.r_, alpha, self.a_, self.b_ = (float(value) for value in np.exp(best.x))
        self.alpha_ = alpha * unit
        self.log_likelihood_ = float(
            -best.fun * len(scaled) - history.frequency.sum() * np.log(unit)
        )
        return self

    def probability_alive(
        self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
    ) -> np.ndarray:
        """Return the probability that a customer has not dropped out by today.

        It is 1 for customers who never came back: in this model, only a repeat purchase
        gives the occasion to leave.

        Parameters are those of `fit`.

        Returns
        -------
        ndarray of shape (n_customers,)
            In [0, 1].
        """
        from scipy.special import expit

        x, recency, age = _checked(frequency, recency, age)
        log_odds_gone = (
            np.log(self.a_)
            - np.log(self.b_ + np.maximum(x, 1) - 1)
            + (self.r_ + x) * (np.log(self.alpha_ + age) - np.log(self.alpha_ + recency))
        )
        return np.where(x > 0, expit(-log_odds_gone), 1.0)

    def expected_purchases(
        self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, periods: float
    ) -> np.ndarray:
        r"""Return the expected number of purchases during the next `periods` units of time.

        For an active customer, :math:`\lambda` is gamma and :math:`p` beta distributed given
        the history, so the number is the probability to be active times

        .. math:: E_p\left[\frac{1}{p} \left(1 -
            \left(\frac{\alpha + T}{\alpha + T + p\,t}\right)^{r + x}\right)\right],
            \quad p \sim \mathrm{Beta}(a, b + x)

        computed by Gauss-Jacobi quadrature. The closed form with a hypergeometric function
        divides by a - 1 and cancels where a is near 1; this one has no such place.

        Parameters
        ----------
        frequency, recency, age : array-like of shape (n_customers,)
            As for `fit`.
        periods : float
            Length of the time ahead, in the unit of `age`; at least 0.

        Returns
        -------
        ndarray of shape (n_customers,)
            At least 0.

        Raises
        ------
        ValueError
            If the arrays are not histories, or `periods` is negative.
        """
        history = _checked(frequency, recency, age)
        if not periods >= 0:
            raise ValueError(f"periods is {periods}: look ahead by 0 or more units of time.")
        x, which = np.unique(history.frequency, return_inverse=True)
        nodes, weights = _beta_quadrature(self.a_, self.b_ + x)
        p, weight = nodes[which], weights[which]
        growth = np.log1p(p * periods / (self.alpha_ + history.age)[:, None])
        per_node = -np.expm1(-(self.r_ + history.frequency)[:, None] * growth) / p
        expected: np.ndarray = self.probability_alive(*history) * (per_node * weight).sum(axis=1)
        return expected


def _checked(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> _History:
    history = _History(*(np.asarray(a, dtype=float) for a in (frequency, recency, age)))
    lengths = tuple(len(column) for column in history)
    if len(set(lengths)) > 1 or not lengths[0]:
        raise ValueError(
            f"frequency, recency and age have {lengths} rows: pass one of each per customer."
        )
    x, last, now = history
    wrong = ~((x >= 0) & (x == np.floor(x)) & (last >= 0) & (last <= now) & np.isfinite(now))
    wrong |= (x == 0) & (last > 0)
    if wrong.any():
        raise ValueError(
            f"{wrong.sum()} customers have no possible history: frequency counts repeat purchases "
            "(0, 1, 2, ...), recency is the age at the last one (0 without any) and at most age."
        )
    return history


def _negative_log_likelihood(
    log_parameters: np.ndarray, history: _History, weight: np.ndarray
) -> tuple[float, np.ndarray]:
    """Weighted mean of equation (6) of the paper, and its gradient in the log parameters."""
    from scipy.special import digamma, expit, gammaln

    r, alpha, a, b = np.exp(log_parameters)
    x, recency, age = history
    again = x > 0
    before_last = b + np.maximum(x, 1) - 1
    log_active = -(r + x) * np.log(alpha + age)
    log_gone = np.where(
        again, np.log(a) - np.log(before_last) - (r + x) * np.log(alpha + recency), -np.inf
    )
    value = (
        gammaln(r + x)
        - gammaln(r)
        + r * np.log(alpha)
        + gammaln(a + b)
        + gammaln(b + x)
        - gammaln(b)
        - gammaln(a + b + x)
        + np.logaddexp(log_active, log_gone)
    )
    gone = np.where(again, expit(log_gone - log_active), 0.0)
    active = 1 - gone
    by_r = (
        digamma(r + x)
        - digamma(r)
        + np.log(alpha)
        - active * np.log(alpha + age)
        - gone * np.log(alpha + recency)
    )
    by_alpha = r / alpha - (r + x) * (active / (alpha + age) + gone / (alpha + recency))
    by_a = digamma(a + b) - digamma(a + b + x) + gone / a
    by_b = by_a - gone / a + digamma(b + x) - digamma(b) - gone / before_last
    gradient = np.array([weight @ d for d in (by_r, by_alpha, by_a, by_b)])
    return -float(weight @ value), -gradient * np.exp(log_parameters)


def _beta_quadrature(a: float, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights (n, _NODES) of expectations under Beta(a, b), for each of n values of b.

    Golub and Welsch (1969): the nodes are the eigenvalues of the recurrence of the Jacobi
    polynomials. Its weights sum to 1 by construction, so nothing overflows for large b.
    """
    from scipy.linalg import eigh_tridiagonal

    k = np.arange(_NODES)
    nodes, weights = np.empty((2, len(b), _NODES))
    for i, other in enumerate(b):
        # Jacobi polynomials on [-1, 1] with exponents b - 1 at 1 and a - 1 at -1.
        left, right = a - 1, other - 1
        s = 2 * k + left + right
        with np.errstate(invalid="ignore", divide="ignore"):
            diagonal = (left**2 - right**2) / (s * (s + 2))
            off = np.sqrt(
                4 * k * (k + left) * (k + right) * (k + left + right) / (s**2 * (s + 1) * (s - 1))
            )[1:]
        diagonal[0] = (left - right) / (left + right + 2)
        # At k = 1 the factor (k + left + right) cancels against (s - 1), which may be 0 / 0.
        off[0] = np.sqrt(4 * (1 + left) * (1 + right) / ((s[1]) ** 2 * (s[1] + 1)))
        values, vectors = eigh_tridiagonal(diagonal, off)
        nodes[i] = np.maximum((1 + values) / 2, np.finfo(float).tiny)
        weights[i] = vectors[0] ** 2
    return nodes, weights
