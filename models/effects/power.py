"""What an experiment of a given size can show, before it is run."""

import math
from statistics import NormalDist


def minimum_detectable_effect(
    *,
    treated: int,
    control: int,
    deviation: float,
    explained: float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
) -> float:
    """Smallest average effect that an experiment finds with the given power.

    Parameters
    ----------
    treated, control : int
        Customers in each arm.
    deviation : float
        Standard deviation of the outcome; `sqrt(rate * (1 - rate))` for a rate.
    explained : float
        Share of the outcome's variance that columns known before explain (R squared), in
        [0, 1); adjusting for them makes the experiment worth `1 / (1 - explained)` as many
        customers.
    power : float
        Probability to find it, in (0, 1).
    level : float
        Confidence level of the two-sided interval, in (0, 1).

    Returns
    -------
    float
        In the unit of the outcome.

    Examples
    --------
    A base rate of 4 % and 10,000 customers in each arm find four fifths of a point:

    >>> round(minimum_detectable_effect(treated=10_000, control=10_000, deviation=0.196), 4)
    0.0078
    """
    error = deviation * math.sqrt((1 - explained) * (1 / treated + 1 / control))
    return _errors_to_find(power, level) * error


def minimum_detectable_qini(
    *,
    treated: int,
    control: int,
    deviation: float,
    explained: float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
) -> float:
    """Smallest Qini that a test of this size finds with the given power.

    Qini is the mean of effect scores times centred ranks, and centred ranks have the
    variance 1/12: its standard error is that of the average effect over the square root of
    12. Compare with what a ranking can reach: a third of the standard deviation of the
    real effects, roughly.

    Parameters
    ----------
    treated, control, deviation, explained, power, level
        As in `minimum_detectable_effect`.

    Returns
    -------
    float
        Per customer and in the unit of the outcome, as `models.measures.qini`.

    Examples
    --------
    >>> round(minimum_detectable_qini(treated=10_000, control=10_000, deviation=0.196), 5)
    0.00224
    """
    effect = minimum_detectable_effect(
        treated=treated,
        control=control,
        deviation=deviation,
        explained=explained,
        power=power,
        level=level,
    )
    return effect / math.sqrt(12)


def _errors_to_find(power: float, level: float) -> float:
    normal = NormalDist()
    return normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(power)
