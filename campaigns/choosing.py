"""Choose the members of a list: who may be on it, in rank order, down to where it ends."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from campaigns.ledger import OUTCOMES, Ledger
from campaigns.list_spec import ListSpec, Value
from campaigns.population import Population, count
from campaigns.ranking import Ranking

#: Ranks that are looked at together when only the first few are wanted.
_BLOCK = 16_384
#: One customer in so many who may are few.
_FEW = 16


class Step(NamedTuple):
    """One reason to be left out, and the bits of whom it does not concern."""

    reason: str
    may: np.ndarray


class Remaining(NamedTuple):
    """Who is left after some steps.

    Attributes
    ----------
    may : array of uint8
        One bit a customer.
    excluded : dict of str to int
        How many each step left out that none before it had.
    """

    may: np.ndarray
    excluded: dict[str, int]


class Chosen(NamedTuple):
    """Positions in the ranking, best first.

    Attributes
    ----------
    selected, control : array of int64
        Who is on the list, and who was held out at random.
    outcome : array of int8 of shape (n_customers,)
        Code of each customer's outcome, in `OUTCOMES`.
    ledger : Ledger
        How many had which.
    """

    selected: np.ndarray
    control: np.ndarray
    outcome: np.ndarray
    ledger: Ledger


def remaining(population: Population, steps: Iterable[Step]) -> Remaining:
    """Apply the steps one after the other; everybody is counted by the first that applies."""
    may = population.everybody
    excluded: dict[str, int] = {}
    before = len(population)
    for step in steps:
        may = may & step.may
        after = count(may)
        if after < before:
            excluded[step.reason] = excluded.get(step.reason, 0) + before - after
        before = after
    return Remaining(may, excluded)


def first(ranking: Ranking, may: np.ndarray, size: int) -> np.ndarray:
    """Return the positions in the ranking of the first `size` who may; fewer if fewer may.

    Of many who may, the first are soon found by going down the ranking; of few, it is their
    positions that are sorted.
    """
    allowed = np.unpackbits(may).view(bool)
    among = count(may)
    if among * _FEW < len(allowed):
        positions = ranking.positions[np.flatnonzero(allowed)]
        positions = positions[positions >= 0]
        if len(positions) > size:
            positions = np.partition(positions, size - 1)[:size]
        return np.sort(positions)
    found: list[np.ndarray] = []
    missing = size
    for start in range(0, len(ranking.places), _BLOCK):
        hits = np.flatnonzero(allowed[ranking.places[start : start + _BLOCK]])[:missing]
        found.append(hits + start)
        missing -= len(hits)
        if not missing:
            break
    return np.concatenate(found) if found else np.array([], dtype=np.int64)


def choose(
    spec: ListSpec,
    population: Population,
    ranking: Ranking,
    steps: Sequence[Step],
    *,
    households: np.ndarray | None,
    draw: str,
) -> Chosen:
    """Choose the members of a list and its control.

    Parameters
    ----------
    spec : ListSpec
        Where the list ends, and how many are held out.
    population, ranking : Population, Ranking
        Who there is, and in which order.
    steps : sequence of Step
        Who is left out for which reason, in the order in which reasons count. The first is
        that of those without a score.
    households : array of int64 of shape (n_customers,), optional
        Of each household only the best is taken; -1 lives alone.
    draw : str
        What the random draw follows from, with the seed of the request.
    """
    left = remaining(population, steps)
    outcome = _outcomes(population, steps)
    allowed = np.unpackbits(left.may, count=len(population)).view(bool)
    order = np.flatnonzero(allowed[ranking.places])
    if households is not None:
        order = _best_of_each(order, households[ranking.places[order]])
    kept = order[_good_enough(spec, ranking, order)]
    held_out = _uniform(len(kept), seed=spec.seed, draw=draw) < spec.control_share
    treated = np.flatnonzero(~held_out)
    last = _last(spec, ranking, kept[treated])
    # Who ranks below the last of a full list would not be on it, and is no control of it.
    full = last < len(treated) or last == spec.size
    until = (treated[last - 1] + 1 if last else 0) if full else len(kept)
    selected, control = kept[:until][~held_out[:until]], kept[:until][held_out[:until]]

    places = ranking.places
    in_question = places[np.flatnonzero(allowed[places])]
    outcome[in_question] = OUTCOMES.index("household")
    outcome[places[order]] = OUTCOMES.index("below_cut_off")
    outcome[places[control]] = OUTCOMES.index("control")
    outcome[places[selected]] = OUTCOMES.index("selected")
    counts = np.bincount(outcome, minlength=len(OUTCOMES)).tolist()
    told = dict(zip(OUTCOMES, counts, strict=True))
    chosen, held = told.pop("selected"), told.pop("control")
    told["not_eligible"] += population.base - len(population)
    excluded = {reason: number for reason, number in told.items() if number}
    return Chosen(selected, control, outcome, Ledger(population.base, chosen, held, excluded))


def expected_value(value: Value, score: np.ndarray, *, is_effect: bool) -> np.ndarray:
    """Return what each member is worth: margin, less the costs of contact and redemption."""
    return np.asarray(value.margin * score - expected_cost(value, score, is_effect=is_effect))


def expected_cost(value: Value, score: np.ndarray, *, is_effect: bool) -> np.ndarray:
    """Return what each member costs: the contact, and the offer where it is redeemed.

    An effect does not tell how many redeem: their share is then the one given, or none.
    """
    share = value.redemption_share
    redeems = (0.0 if is_effect else score) if share is None else share
    return np.asarray(value.contact_cost + value.redemption_cost * redeems + 0.0 * score)


def _outcomes(population: Population, steps: Sequence[Step]) -> np.ndarray:
    outcome = np.zeros(len(population), dtype=np.int8)
    for step in reversed(steps):
        may = np.unpackbits(step.may, count=len(population)).view(bool)
        outcome[~may] = OUTCOMES.index(step.reason)
    return outcome


def _best_of_each(order: np.ndarray, household: np.ndarray) -> np.ndarray:
    """Keep the first of each household, in the same order."""
    alone = household < 0
    _, first_of = np.unique(household, return_index=True)
    kept = np.zeros(len(order), dtype=bool)
    kept[first_of] = True
    return order[kept | alone]


def _good_enough(spec: ListSpec, ranking: Ranking, order: np.ndarray) -> np.ndarray:
    score = ranking.value[order]
    good = np.ones(len(order), dtype=bool)
    if spec.at_least is not None:
        good &= score >= spec.at_least
    if spec.profitable and spec.value is not None:
        good &= expected_value(spec.value, score, is_effect=ranking.is_effect) > 0
    return good


def _last(spec: ListSpec, ranking: Ranking, order: np.ndarray) -> int:
    """Return how many of those treated are taken, by size and budget."""
    last = len(order) if spec.size is None else min(spec.size, len(order))
    if spec.budget is not None and spec.value is not None:
        cost = np.cumsum(
            expected_cost(spec.value, ranking.value[order], is_effect=ranking.is_effect)
        )
        last = min(last, int(np.searchsorted(cost, spec.budget * (1 + 1e-12), side="right")))
    return last


def _uniform(size: int, *, seed: int, draw: str) -> np.ndarray:
    key = hashlib.sha256(f"{seed} {draw}".encode()).digest()
    words = np.frombuffer(key[:16], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=words)).random(size)
