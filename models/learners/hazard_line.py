"""Where the trees of a hazard start: how a customer's own past and time alone would have it."""

from typing import NamedTuple, Self

import numpy as np

from models.learners.person_periods import PersonPeriods

#: Bounds of the level, the slope and the logarithms of the rest; only data that cannot tell,
#: such as those without any dropout, come near them.
_WITHOUT_HISTORY = [(-30.0, 30.0), (-5.0, 5.0), *[(0.0, 0.0)] * 4]
_WITH_HISTORY = [(0.0, 0.0), (0.0, 0.0), (-7.0, 7.0), (-7.0, 12.0), (-7.0, 7.0), (-7.0, 7.0)]


class History(NamedTuple):
    """What is known of the past of each row: earlier events, and periods since the first."""

    earlier: np.ndarray
    age: np.ndarray


class HazardLine(NamedTuple):
    r"""Logit of a hazard with two parameters, or four where a history is known.

    Without a history it is :math:`\beta_0 + \beta_1 \log t`. With :math:`k` events in the
    :math:`T` periods from the first purchase to the opening of the gap, the hazard is that of
    the BG/NBD model, :math:`1 - \exp(-\rho)` at the rate of purchase that is expected of such
    a customer times the probability that the last purchase was not the last for good:

    .. math:: \rho = \frac{k + r}{T + t + \alpha}\,P(\text{alive}), \quad
        P(\text{alive}) = 1 \Big/ \left(1 + \frac{a}{b + k - 1} \left(\frac{T + t
        + \alpha}{T + \alpha}\right)^{k + r}\right) \ (k > 0; \text{else } 1)

    The second has neither level nor slope, though a free level fits CDNOW better: it multiplies
    the rate, which then no longer is what it is expected to become, and counts far ahead drift
    (by 8 % on average over six rolling splits of the first 39 weeks, against 5 %).

    Attributes
    ----------
    level, slope : float
        :math:`\beta_0` and :math:`\beta_1`; 0 with a history.
    r, alpha, a, b : float
        As in `BetaGeometric`, :math:`\alpha` in periods; 1 without a history.
    """

    level: float
    slope: float
    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def fitted(cls, rows: PersonPeriods, history: History | None) -> Self:
        """Find the parameters of the highest likelihood, the thinning of `rows` allowed for.

        A prior worth one event pulls the slope to 0, and one worth a tenth the logarithms to
        where they start, so that data which cannot tell still give finite numbers.
        """
        from scipy.optimize import minimize
        from scipy.special import expit

        past = None if history is None else History(*(column[rows.gap] for column in history))
        overall = rows.event.mean() * rows.kept_share
        start = np.zeros(6)
        start[0] = np.log(overall / (1 - overall + 1e-12))
        if past is not None:
            start[0], start[3] = 0.0, np.log((past.age + rows.period).mean())
        trust = np.array([0, 1, 0.1, 0.1, 0.1, 0.1])

        def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
            away = theta - start
            line = cls(theta[0], theta[1], *np.exp(theta[2:]))
            logit = line.logit(rows.period, past) - np.log(rows.kept_share)
            residual = rows.event - expit(logit)
            likelihood = rows.event @ logit - np.logaddexp(0, logit).sum()
            gradient = trust * away - line.slopes(rows.period, past) @ residual
            return float(trust @ away**2 / 2 - likelihood), gradient

        bounds = _WITHOUT_HISTORY if past is None else _WITH_HISTORY
        best = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds)
        level, slope = float(best.x[0]), float(best.x[1])
        return cls(level, slope, *(float(value) for value in np.exp(best.x[2:])))

    def log_rate(self, period: np.ndarray, history: History) -> np.ndarray:
        """Return the logarithm of the rate expected in a period, given that it may be over."""
        k, age = history
        rate = np.log(k + self.r) - np.log(age + period + self.alpha)
        rate -= np.logaddexp(0, self._log_odds_gone(period, history))
        return np.asarray(rate)

    def logit(self, period: np.ndarray, history: History | None) -> np.ndarray:
        """Return the logit of the hazard of each period.

        At a constant rate the event comes within the period with probability 1 - exp(-rate).
        """
        from scipy.special import exprel

        if history is None:
            return np.asarray(self.level + self.slope * np.log(period))
        log_rate = self.log_rate(period, history)
        rate = np.exp(log_rate)
        # log(exp(rate) - 1), written so that neither a tiny nor a huge rate is lost.
        return np.asarray(log_rate + rate + np.log(exprel(-rate)))

    def slopes(self, period: np.ndarray, history: History | None) -> np.ndarray:
        """Return the derivatives (6, n_rows) of `logit` in level, slope and log of the rest."""
        from scipy.special import expit, exprel

        slopes = np.zeros((6, len(period)))
        if history is None:
            slopes[0], slopes[1] = 1, np.log(period)
            return slopes
        k, age = history
        opened, now = age + self.alpha, age + period + self.alpha
        gone = expit(self._log_odds_gone(period, history))
        slopes[2] = self.r / (k + self.r) - gone * self.r * np.log(now / opened)
        slopes[3] = -self.alpha / now - gone * (k + self.r) * self.alpha * (1 / now - 1 / opened)
        slopes[4] = -gone
        slopes[5] = gone * self.b / (self.b + np.maximum(k, 1) - 1)
        rate = np.exp(self.log_rate(period, history))
        return np.asarray(slopes / exprel(-rate))

    def _log_odds_gone(self, period: np.ndarray, history: History) -> np.ndarray:
        k, age = history
        grown = np.log(age + period + self.alpha) - np.log(age + self.alpha)
        odds = np.log(self.a) - np.log(self.b + np.maximum(k, 1) - 1) + (k + self.r) * grown
        return np.where(k > 0, odds, -np.inf)
