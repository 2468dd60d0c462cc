"""The association of two products over many small tables of counts, exactly."""

from typing import NamedTuple, Self

import numpy as np

#: Probabilities below this share of the largest are dropped from a distribution.
_DROPPED = 1e-20

#: Odds ratios are kept within exp(-30) and exp(30).
_LOG_ODDS = 30.0


class Table(NamedTuple):
    """The 2 x 2 tables of one pair of products, one entry per stratum.

    Attributes
    ----------
    baskets, lead, other : ndarray of shape (n_strata,)
        Number of baskets, and of those that hold the lead, and the other product.
    both : int
        Number of baskets that hold both, over all strata.
    """

    baskets: np.ndarray
    lead: np.ndarray
    other: np.ndarray
    both: int


class Tables(NamedTuple):
    """The tables of many products with the same lead, one entry per product and stratum.

    Sorted by product; strata in which a product never occurs have no entry, and need none.
    """

    product: np.ndarray
    stratum: np.ndarray
    both: np.ndarray
    other: np.ndarray
    lead_by_stratum: np.ndarray
    baskets_by_stratum: np.ndarray

    def of(self, products: np.ndarray) -> Self:
        """Return the tables of some products, which are then numbered from 0."""
        place = np.searchsorted(products, self.product)
        kept = products[np.minimum(place, len(products) - 1)] == self.product
        return self._replace(
            product=place[kept],
            stratum=self.stratum[kept],
            both=self.both[kept],
            other=self.other[kept],
        )

    def expected(self) -> np.ndarray:
        """Return the expected number of baskets with both products, without association."""
        share = self.lead_by_stratum / self.baskets_by_stratum
        return np.bincount(self.product, weights=self.other * share[self.stratum])

    def table(self, product: int) -> Table:
        """Return the tables of one product."""
        entries = slice(*np.searchsorted(self.product, [product, product + 1]))
        stratum = self.stratum[entries]
        return Table(
            self.baskets_by_stratum[stratum],
            self.lead_by_stratum[stratum],
            self.other[entries],
            int(self.both[entries].sum()),
        )


class Association(NamedTuple):
    """Exact p-value of a positive association, and the interval of the mean of `both`."""

    p_value: float
    low: float
    high: float


def exact_association(table: Table, *, level: float) -> Association:
    r"""Test whether two products meet more often than chance, and by how much.

    Given the margins, the number of baskets with both is a sum of hypergeometric variables,
    one per stratum. With a common odds ratio :math:`\psi` its distribution is
    :math:`c(k)\,\psi^k`, normalised. It is convolved once, at the odds ratio that fits best,
    so that nothing underflows however strong the association is; all other odds ratios follow
    by reweighting. The ends of the interval are those :math:`\psi` for which the
    number seen is in a tail of :math:`(1 - \text{level}) / 2`, as the means to which they lead.

    Parameters
    ----------
    table : Table
        The counts.
    level : float
        Confidence level, in (0, 1).

    Returns
    -------
    Association
        `low` and `high` are numbers of baskets, to be compared with `table.both`.

    References
    ----------
    .. [1] Mehta, C. R., Patel, N. R. and Gray, R. (1985). Computing an exact confidence interval
       for the common odds ratio in several 2 x 2 contingency tables. J. Am. Stat. Assoc. 80,
       969-973.

    Examples
    --------
    Fisher's tea tasting: three of four cups were told right.

    >>> tea = Table(np.array([8]), np.array([4]), np.array([4]), both=3)
    >>> round(exact_association(tea, level=0.95).p_value, 4)
    0.2429
    """
    # Where all baskets hold one of the two, the number with both is fixed.
    open_ = (table.lead > 0) & (table.lead < table.baskets) & (table.other < table.baskets)
    certain = int(np.minimum(table.lead, table.other)[~open_].sum())
    strata = _Strata(table.baskets[open_], table.lead[open_], table.other[open_])
    seen = table.both - certain
    most = int(strata.most.sum())
    if seen <= strata.least.sum():
        return Association(1.0, np.nan, np.nan)
    # At the very most, no odds ratio would be large enough: half a basket less will do.
    fit = _fitted(strata, min(seen, most - 0.5))
    # The tail in which the null distribution falls; the other one would be cut off too early.
    rare = fit.log_odds >= 0
    tail = fit.support >= seen if rare else fit.support < seen
    reweighted = fit.mass[tail] * np.exp(-fit.log_odds * (fit.support[tail] - seen))
    log_tail = fit.log_scale - fit.log_odds * seen + np.log(reweighted.sum())
    in_tail = float(np.exp(min(log_tail, 0.0)))
    share = (1 - level) / 2
    low = _mean_at_tail(fit, fit.support >= seen, share)
    high = _mean_at_tail(fit, fit.support <= seen, share) if seen < most else float(most)
    return Association(in_tail if rare else 1 - in_tail, low + certain, high + certain)


class _Strata(NamedTuple):
    """The strata in which the number with both can vary."""

    baskets: np.ndarray
    lead: np.ndarray
    other: np.ndarray

    @property
    def least(self) -> np.ndarray:
        return np.asarray(np.maximum(0, self.lead + self.other - self.baskets))

    @property
    def most(self) -> np.ndarray:
        return np.asarray(np.minimum(self.lead, self.other))


class _Fit(NamedTuple):
    """Distribution of the number with both at the odds ratio that fits best.

    `log_scale` is the logarithm of the sum over all k of the null distribution times
    `exp(log_odds * k)`: what the null distribution was divided by.
    """

    log_odds: float
    log_scale: float
    support: np.ndarray
    mass: np.ndarray


def _fitted(strata: _Strata, seen: float) -> _Fit:
    """Find the odds ratio at which `seen` is the mean, and the distribution there."""
    # Mantel and Haenszel's estimate would do, but for margins that say little it is far off.
    log_odds = 0.0
    for _ in range(60):
        number, mass, log_scale = _by_stratum(strata, log_odds)
        mean = (mass * number).sum(axis=1)
        variance = (mass * number**2).sum() - (mean**2).sum()
        missing = seen - mean.sum()
        if abs(missing) <= 0.01 * np.sqrt(variance) or abs(log_odds) >= _LOG_ODDS:
            break
        step = np.clip(missing / max(variance, 1e-9), -2, 2)
        log_odds = float(np.clip(log_odds + step, -_LOG_ODDS, _LOG_ODDS))
    start, total = 0, np.ones(1)
    length = mass.shape[1] - np.argmax(mass[:, ::-1] > 0, axis=1)
    for first, row, own in zip(number[:, 0], mass, length, strict=True):
        total = np.convolve(total, row[:own])
        kept = np.flatnonzero(total > _DROPPED * total.max())
        total = total[kept[0] : kept[-1] + 1]
        start += int(first) + int(kept[0])
    return _Fit(log_odds, float(log_scale.sum()), start + np.arange(len(total)), total)


def _by_stratum(strata: _Strata, log_odds: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return counts and probabilities, both (n_strata, width), and the log of their scale.

    Fisher's noncentral hypergeometric distribution, on a window of ten standard deviations
    about its mode.
    """
    from scipy.special import gammaln, logsumexp

    odds = np.exp(log_odds)
    n, lead, other = (column.astype(float) for column in strata)
    b = (lead + other + 2) * odds + n - lead - other
    c = (lead + 1) * (other + 1) * odds
    mode = np.floor(2 * c / (b + np.sqrt(np.maximum(b**2 - 4 * (odds - 1) * c, 0))))
    reach = np.ceil(10 * np.sqrt(mode + 1)) + 12  # the sum of Bernoullis has var <= mean
    first = np.maximum(strata.least, mode - reach)
    width = int((np.minimum(strata.most, mode + reach) - first).max()) + 1
    number = first[:, None] + np.arange(width)
    possible = number <= strata.most[:, None]
    k = np.where(possible, number, first[:, None])

    def choose(total: np.ndarray, part: np.ndarray) -> np.ndarray:
        ways: np.ndarray = gammaln(total + 1) - gammaln(part + 1) - gammaln(total - part + 1)
        return ways

    log_mass = choose(lead[:, None], k) + choose((n - lead)[:, None], other[:, None] - k)
    log_mass += log_odds * k - choose(n, other)[:, None]
    log_mass[~possible] = -np.inf
    log_scale = logsumexp(log_mass, axis=1)
    return number, np.exp(log_mass - log_scale[:, None]), log_scale


def _mean_at_tail(fit: _Fit, tail: np.ndarray, share: float) -> float:
    """Return the mean at the odds ratio at which the tail holds exactly that share."""
    from scipy.optimize import brentq

    centre = fit.support @ fit.mass
    log_mass = np.log(fit.mass)

    def tilted(by: float) -> np.ndarray:
        weight = log_mass + by * (fit.support - centre)
        weight = np.exp(weight - weight.max())
        return np.asarray(weight / weight.sum())

    away = -1.0 if tail[-1] else 1.0
    far = away
    while tilted(far)[tail].sum() > share and abs(far) < 2 * _LOG_ODDS:
        far *= 2
    near = 0.0
    while tilted(near)[tail].sum() < share and abs(near) < 2 * _LOG_ODDS:
        near = near * 2 - away  # a lone count can lie in less than the share at the fit
    by = brentq(lambda x: tilted(x)[tail].sum() - share, near, far, xtol=1e-10)
    return float(fit.support @ tilted(by))
