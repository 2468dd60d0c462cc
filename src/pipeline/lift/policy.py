"""Who is given which offer, and what that is worth beside the plain alternatives."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from models.effects.shipped import Learned

#: Stands for no offer.
NOBODY = ""


class Policy(NamedTuple):
    """A way of choosing offers, on some customers.

    Attributes
    ----------
    chosen : array of shape (n,)
        The offer of each customer; empty for none.
    net : DataFrame of shape (n, n_offers)
        Predicted money that each offer adds, costs taken off.
    """

    chosen: np.ndarray
    net: pd.DataFrame

    @property
    def share(self) -> float:
        """Share of the customers who are given an offer: the recommended depth."""
        return float((self.chosen != NOBODY).mean())

    @property
    def mix(self) -> dict[str, float]:
        """Share of the customers who are given each offer."""
        return {str(arm): float((self.chosen == arm).mean()) for arm in self.net}


def recommended(learned: Learned, effects: pd.DataFrame) -> Policy:
    """Give each customer the offer that adds most money, and none where none adds any."""
    net = predicted_net(learned, effects)
    best = net.to_numpy().argmax(axis=1)
    chosen = np.asarray(net.columns, dtype=object)[best]
    chosen[net.to_numpy().max(axis=1) <= 0] = NOBODY
    return Policy(chosen.astype(str), net)


def predicted_net(learned: Learned, effects: pd.DataFrame) -> pd.DataFrame:
    """Return the money that each offer is predicted to add, costs taken off."""
    return pd.DataFrame(
        {arm: learned.value * effects[arm] - learned.offers[arm].cost for arm in learned.arms},
        index=effects.index,
    )


def best_single(learned: Learned) -> str:
    """Return the offer that adds most money where everybody is given the same."""
    return max(
        learned.arms,
        key=lambda arm: learned.value * learned.offers[arm].average - learned.offers[arm].cost,
    )


def gained(policy: Policy, net: pd.DataFrame) -> np.ndarray:
    """Return the money that the policy adds by scores, per customer; shape (n,)."""
    total = np.zeros(len(net))
    for arm in net:
        total += np.where(policy.chosen == arm, net[arm].to_numpy(), 0.0)
    return total


def rivals(
    policy: Policy, net: pd.DataFrame, *, probability: np.ndarray, single: str
) -> dict[str, np.ndarray]:
    """Return the money that the plain alternatives add, per customer; each of shape (n,).

    Parameters
    ----------
    policy : Policy
        The one that they are compared with.
    net : DataFrame of shape (n, n_offers)
        Money that each offer adds by scores, costs taken off.
    probability : array of shape (n,)
        Of the outcome, whatever the arm.
    single : str
        The offer that is best for everybody.

    Returns
    -------
    dict
        `nobody`; `everybody`, with the single offer; `random`, who are given the same offers
        as often, to anybody; and `propensity`: those most likely to respond, as many, with
        the single offer.
    """
    from models.measures.policy import best_share

    plain = net[single].to_numpy()
    random = sum(share * net[arm].to_numpy() for arm, share in policy.mix.items())
    likely = best_share(probability, policy.share) if policy.share > 0 else np.zeros(len(net))
    return {
        "nobody": np.zeros(len(net)),
        "everybody": plain,
        "random": np.asarray(random),
        "propensity": likely * plain,
    }
