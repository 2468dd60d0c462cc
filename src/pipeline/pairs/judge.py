"""Judge rankings of products on the untouched test cut-off, all purchases counted."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from models.measures import Resample, calibration_slope, log_loss, observed_over_expected
from models.measures.exposure import coverage, exposure_at, gini_of_exposure
from models.measures.policy import mean_interval
from models.measures.ranking import ranking_by_group
from pipeline.evaluation import Figure
from pipeline.pairs.candidates import ROUTES, Candidates

#: Lengths of list that are judged, by measure and column of `ranking_by_group`.
RANKED = {
    "map_at_12": ("average_precision", 12),
    "ndcg_at_12": ("ndcg", 12),
    "hit_rate_at_12": ("hit", 12),
    "recall_at_20": ("recall", 20),
}
#: States with fewer purchases are not judged by themselves.
LEAST_PURCHASES = 50
#: Customers by how many days they have shopped on.
HISTORIES = {"0": (0, 0), "1": (1, 1), "2 to 4": (2, 4), "5 and more": (5, np.inf)}


class Judged(NamedTuple):
    """The pairs of the test cut-off: candidates, and after them what they missed.

    Attributes
    ----------
    customer, product : array of shape (n_pairs,)
        Places within the moment.
    bought : array of shape (n_pairs,)
        1 where it was bought, else 0.
    state : array of shape (n_pairs,)
        State of the pair.
    probability : array of shape (n_candidates,)
        What the model says.
    plain : mapping of str to array of shape (n_candidates,)
        What each plain ranking says.
    shopping_days : array of shape (n_customers,)
        Days on which each customer of the moment had shopped.
    """

    customer: np.ndarray
    product: np.ndarray
    bought: np.ndarray
    state: np.ndarray
    probability: np.ndarray
    plain: Mapping[str, np.ndarray]
    shopping_days: np.ndarray

    @property
    def candidates(self) -> int:
        """How many of the pairs were candidates."""
        return len(self.probability)

    def by_customer(self, score: np.ndarray, among: np.ndarray | None = None) -> pd.DataFrame:
        """Return each ranking measure for each customer with a purchase; see `RANKED`.

        `among` says which pairs there are to rank: those of one state, say.
        """
        whole = np.concatenate([score, np.full(len(self.bought) - len(score), -np.inf)])
        kept = np.ones(len(whole), dtype=bool) if among is None else among
        rows = (self.bought[kept], whole[kept], self.customer[kept])
        found = {k: ranking_by_group(*rows, k=k) for k in {k for _, k in RANKED.values()}}
        return pd.DataFrame({name: found[k][column] for name, (column, k) in RANKED.items()})


def ranking_figures(
    judged: Judged, *, level: float
) -> tuple[dict[str, Figure], dict[str, dict[str, Figure]], dict[str, dict[str, Figure]]]:
    """Return the ranking measures of the model, of each plain ranking, and the differences.

    Customers are the observations; differences are paired.
    """
    own = judged.by_customer(judged.probability)
    others = {name: judged.by_customer(score) for name, score in judged.plain.items()}
    return (
        _means(own, level),
        {name: _means(other, level) for name, other in others.items()},
        {name: _means(own - other, level) for name, other in others.items()},
    )


def part_figures(judged: Judged, *, level: float) -> dict[str, Any]:
    """Return the ranking measures of parts: by state of the pair, and by length of history.

    Within a part only its own products are ranked and only its own purchases count; beside
    each the best plain ranking's value of `map_at_12` and the paired difference.
    """
    parts: dict[str, np.ndarray] = {
        state: judged.state == state
        for state in sorted(set(judged.state))
        if judged.bought[judged.state == state].sum() >= LEAST_PURCHASES
    }
    explore = judged.state != "REPEAT"
    if judged.bought[explore].sum() >= LEAST_PURCHASES:
        parts["never bought before"] = explore
    days = judged.shopping_days[judged.customer]
    for name, (low, high) in HISTORIES.items():
        own = (days >= low) & (days <= high)
        if judged.bought[own].sum() >= LEAST_PURCHASES:
            parts[f"shopped on {name} days"] = own
    return {name: _part(judged, among, level) for name, among in parts.items()}


def calibration_figures(
    judged: Judged, *, level: float, draws: int, seed: int
) -> dict[str, dict[str, Figure]]:
    """Return observed over expected, slope and log loss of all candidates and of each state."""
    bought = judged.bought[: judged.candidates].astype(np.int8)
    customer, state = judged.customer[: judged.candidates], judged.state[: judged.candidates]
    found = {}
    for name in ("all", *sorted(set(state))):
        own = np.ones(len(bought), dtype=bool) if name == "all" else state == name
        if not LEAST_PURCHASES <= bought[own].sum() < own.sum():
            continue
        resample = Resample(bought[own], groups=customer[own], draws=draws, seed=seed)
        found[name] = {
            measure.__name__: _figure(
                resample.estimate(measure, judged.probability[own], level=level)
            )
            for measure in (observed_over_expected, calibration_slope, log_loss)
        }
    return found


def route_recalls(judged: Judged, found: Candidates) -> dict[str, float]:
    """Return which share of all purchases each route finds, and all of them together."""
    total = max(float(judged.bought.sum()), 1.0)
    bought = judged.bought[: judged.candidates]
    recalls = {"union": float(bought.sum()) / total}
    if found.routes.any():
        recalls |= {
            route: float(bought[(found.routes >> bit) & 1 == 1].sum()) / total
            for bit, route in enumerate(ROUTES)
        }
    return recalls


def exposure_figures(judged: Judged, on_sale: np.ndarray, *, k: int = 12) -> dict[str, float]:
    """Return which share of the catalogue the first k show to anybody, and how unequally."""
    shown = exposure_at(
        judged.product[: judged.candidates],
        judged.probability,
        judged.customer[: judged.candidates],
        k=k,
        catalogue=np.flatnonzero(on_sale),
    )
    return {"coverage": coverage(shown), "gini": gini_of_exposure(shown)}


def _part(judged: Judged, among: np.ndarray, level: float) -> dict[str, Any]:
    own = judged.by_customer(judged.probability, among)
    others = {name: judged.by_customer(score, among) for name, score in judged.plain.items()}
    best = max(others, key=lambda name: float(others[name]["map_at_12"].mean()))
    return {
        "customers": len(own),
        "purchases": int(judged.bought[among].sum()),
        "measures": {name: one.model_dump() for name, one in _means(own, level).items()},
        "best_plain": best,
        "difference": {
            name: one.model_dump() for name, one in _means(own - others[best], level).items()
        },
    }


def _means(values: pd.DataFrame, level: float) -> dict[str, Figure]:
    return {str(n): _figure(mean_interval(values[n], level=level)) for n in values}


def _figure(estimate: Any) -> Figure:
    return Figure(value=estimate.value, low=estimate.low, high=estimate.high)
