"""Exact probabilities of the planned trips: Erlang gaps on the member's clock.

With shape k and rate r (trips per day of the clock), a gap is the time until the k-th event
of a Poisson process of rate kr. Given that e clock-days have passed since the last trip,
the number of those events so far is Poisson(kre) cut off below k, and what follows needs
only sums of Poisson probabilities.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_TRIPS = 40


def survival(shape: Floats, rate: Floats, elapsed: Floats) -> Floats:
    """Return the probability that a gap is longer than `elapsed` clock-days.

    Examples
    --------
    >>> survival(np.array([1.0]), np.array([0.01]), np.array([100.0])).round(4)
    array([0.3679])
    """
    from scipy.special import gammaincc

    return np.asarray(gammaincc(shape, shape * rate * elapsed))


def any_trip(shape: Floats, rate: Floats, elapsed: Floats, ahead: Floats) -> Floats:
    """Return the probability of a trip within `ahead`, for members who have not left."""
    before = survival(shape, rate, elapsed)
    after = survival(shape, rate, elapsed + ahead)
    return np.asarray(1 - after / np.maximum(before, 1e-300))


def still_there(shape: Floats, rate: Floats, elapsed: Floats, leaving: Floats) -> Floats:
    """Return the probability not to have left, given the time since the last trip.

    Parameters
    ----------
    leaving : array
        Probability to leave after a trip.
    """
    stays = (1 - leaving) * survival(shape, rate, elapsed)
    return np.asarray(stays / (leaving + stays))


def at_least(count: int, shape: Floats, rate: Floats, elapsed: Floats, ahead: Floats) -> Floats:
    """Return the probability of `count` trips or more within `ahead`, leaving aside.

    Examples
    --------
    With shape 1 the trips are Poisson: P(N >= 2) = 1 - exp(-1) - exp(-1).

    >>> one = np.array([1.0])
    >>> at_least(2, one, 0.01 * one, 5 * one, 100 * one).round(4)
    array([0.2642])
    """
    from scipy.special import gammainc, gammaln

    total, weight = np.zeros(len(shape)), np.zeros(len(shape))
    passed = np.maximum(shape * rate * elapsed, 1e-12)
    for phase in range(int(shape.max(initial=1))):
        log_chance = phase * np.log(passed) - passed - gammaln(phase + 1)
        chance = np.where(phase < shape, np.exp(log_chance), 0.0)
        needed = np.maximum(count * shape - phase, 1e-9)
        total += chance * gammainc(needed, shape * rate * ahead)
        weight += chance
    # Overdue beyond all measure: the next event is the last one of the gap.
    due = gammainc(np.maximum((count - 1) * shape + 1, 1e-9), shape * rate * ahead)
    return np.where(weight > 1e-250, total / np.maximum(weight, 1e-300), due)
