"""Doubly robust scores: what each arm does to a customer, estimated without bias.

A customer is seen in one arm only. The score of an arm is the outcome that a model expects
in that arm, corrected by the model's error where the arm was really drawn:

    score(arm) = expected(arm) + 1[drawn arm = arm] / probability(arm) * (y - expected(arm))

With known probabilities its mean over any group that was not chosen by looking at `y` is
an unbiased estimate of the group's mean outcome under that arm, however bad the model; a
good model only makes it less noisy [1]_. Every measure of lift in this package is a mean
of such scores.

References
----------
.. [1] Robins, J. M., Rotnitzky, A. and Zhao, L. P. (1994). Estimation of regression
   coefficients when some regressors are not always observed. JASA 89, 846-866.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from models.measures.sample import MeasureError

Floats = NDArray[np.float64]


def arm_scores(
    y: ArrayLike,
    arm: ArrayLike,
    *,
    probability: pd.DataFrame | Mapping[str, float] | None = None,
    expected: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Estimate for every customer the outcome under every arm.

    Parameters
    ----------
    y : array-like of shape (n_customers,)
        Observed outcome, in any unit.
    arm : array-like of shape (n_customers,)
        The arm each customer drew.
    probability : DataFrame of shape (n_customers, n_arms) or mapping, optional
        Probability of each arm, in (0, 1]; one number per arm where all customers had the
        same chance. Left out: the observed shares, which is right for a simple draw only.
    expected : DataFrame of shape (n_customers, n_arms), optional
        Outcome expected by a model that was fitted on other rows. Left out: the mean
        outcome of each arm.

    Returns
    -------
    DataFrame of shape (n_customers, n_arms)
        One column per arm, sorted; in the unit of `y`.

    Raises
    ------
    MeasureError
        If lengths differ, a value is missing, or a probability is not in (0, 1].

    Examples
    --------
    >>> arm_scores([1, 0, 1, 1], ["no", "no", "mail", "mail"]).mean().to_dict()
    {'mail': 1.0, 'no': 0.5}
    """
    outcome = np.asarray(y, dtype=np.float64)
    drawn = pd.Categorical(np.asarray(arm))
    if len(outcome) != len(drawn):
        raise MeasureError(
            f"y has {len(outcome)} rows and arm has {len(drawn)}. Pass one arm per outcome."
        )
    if np.isnan(outcome).any() or (drawn.codes < 0).any():
        raise MeasureError("y or arm has missing values. Drop those customers, or fill them in.")
    arms = [str(name) for name in drawn.categories]
    took = drawn.codes[:, None] == np.arange(len(arms))[None, :]
    chance = _chances(probability, arms, took)
    if expected is None:
        mean = (took * outcome[:, None]).sum(axis=0) / took.sum(axis=0)
        guess = np.broadcast_to(mean, took.shape)
    else:
        guess = expected[arms].to_numpy(np.float64)
    scores = guess + took / chance * (outcome[:, None] - guess)
    return pd.DataFrame(scores, columns=arms)


def effect_scores(
    y: ArrayLike,
    treated: ArrayLike,
    *,
    probability: ArrayLike | None = None,
    expected: tuple[ArrayLike, ArrayLike] | None = None,
) -> Floats:
    """Estimate for every customer what one treatment changes, against no treatment.

    Parameters
    ----------
    y : array-like of shape (n_customers,)
        Observed outcome, in any unit.
    treated : array-like of shape (n_customers,)
        1 or True for the treated, 0 or False for the control.
    probability : float or array-like of shape (n_customers,), optional
        Probability to be treated, in (0, 1). Left out: the observed share.
    expected : pair of array-like of shape (n_customers,), optional
        Outcomes that a model fitted on other rows expects (without, with) treatment.

    Returns
    -------
    ndarray of shape (n_customers,)
        In the unit of `y`; noisy for one customer, right on average.

    Raises
    ------
    MeasureError
        If `treated` holds anything but 0 and 1, or only one of them, or a probability is
        not in (0, 1).

    Examples
    --------
    >>> float(effect_scores([1, 0, 1, 1], [0, 0, 1, 1]).mean())
    0.5
    """
    flag = np.asarray(treated)
    if set(np.unique(flag).tolist()) != {0, 1}:
        raise MeasureError(
            f"treated has {len(np.unique(flag))} different values; it needs both 0 (control) "
            f"and 1 (treated), and nothing else."
        )
    n = len(flag)
    columns: dict[str, pd.DataFrame | None] = {"probability": None, "expected": None}
    if probability is not None:
        p = np.broadcast_to(np.asarray(probability, dtype=np.float64), (n,))
        columns["probability"] = pd.DataFrame({"0": 1 - p, "1": p})
    if expected is not None:
        without, with_ = (np.asarray(part, dtype=np.float64) for part in expected)
        columns["expected"] = pd.DataFrame({"0": without, "1": with_})
    scores = arm_scores(y, np.where(flag == 1, "1", "0"), **columns)
    return (scores["1"] - scores["0"]).to_numpy()


def gains_of(
    y: ArrayLike,
    treated: ArrayLike | None,
    *,
    probability: ArrayLike | None = None,
    expected: tuple[ArrayLike, ArrayLike] | None = None,
) -> Floats:
    """Return effect scores; without `treated`, `y` already holds them (or true effects)."""
    if treated is None:
        gain = np.asarray(y, dtype=np.float64)
        if np.isnan(gain).any():
            raise MeasureError("the scores have missing values. Drop those customers.")
        return gain
    return effect_scores(y, treated, probability=probability, expected=expected)


def _chances(
    probability: pd.DataFrame | Mapping[str, float] | None,
    arms: list[str],
    took: NDArray[np.bool_],
) -> Floats:
    if probability is None:
        chance = np.broadcast_to(took.mean(axis=0), took.shape)
    elif isinstance(probability, pd.DataFrame):
        chance = probability[arms].to_numpy(np.float64)
    else:
        chance = np.broadcast_to(np.array([probability[name] for name in arms]), took.shape)
    worst = chance[took].min()
    if not (worst > 0 and chance[took].max() <= 1):
        raise MeasureError(
            f"the probability of a drawn arm is {worst:.3g}; it has to lie in (0, 1]. A customer "
            f"who could not draw an arm says nothing about it: drop such rows."
        )
    return np.asarray(chance, dtype=np.float64)
