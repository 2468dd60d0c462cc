"""Who may not be on a list, reason after reason, in the order in which reasons count."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from sqlalchemy import Engine

from campaigns.choosing import Step
from campaigns.conditions.condition import InList, leaves
from campaigns.conditions.errors import ConditionError
from campaigns.list_spec import HEALTH, ListSpec
from campaigns.permissions import consented, contacted_enough, suppressed
from campaigns.population import Population
from campaigns.ranking import Ranking
from campaigns.target_list import known_list


def steps(
    spec: ListSpec,
    population: Population,
    ranking: Ranking,
    *,
    artifacts: Path,
    state: Engine,
    at: datetime,
    global_control: float = 0.0,
    more: Sequence[Step] = (),
) -> list[Step]:
    """Return every reason that a request knows, with the bits of those it does not concern.

    Parameters
    ----------
    spec : ListSpec
        What is asked for.
    population, ranking : Population, Ranking
        Who is known, and who has a score.
    artifacts, state : Path, Engine
        Where permissions are read from, as they are now.
    at : datetime
        Now, with its zone.
    global_control : float
        Share of all customers that no list reaches in this quarter, in [0, 1).
    more : sequence of Step
        Further reasons, which count before the global control.

    Raises
    ------
    ConditionError
        If a condition names what there is not.
    NoConsentsError
        If a channel is named, and no consents are on record.
    """
    found = [Step("not_eligible", population.bits(ranking.places))]
    if spec.where is not None:
        _refuse_lists_of_illness(spec, state)
        found.append(Step("condition", population.meets(spec.where, "/where")))
    if spec.channel is not None:
        agreed = consented(
            population, artifacts, state, channel=spec.channel, purpose=spec.purpose, at=at
        )
        found.append(Step("no_consent", agreed))
    barred = suppressed(population, artifacts, state, channel=spec.channel)
    found.append(Step("suppressed", population.everybody & ~barred))
    if spec.contact_cap is not None:
        enough = contacted_enough(population, artifacts, state, cap=spec.contact_cap, at=at)
        found.append(Step("contact_cap", population.everybody & ~enough))
    found += more
    if global_control:
        held_out = population.drawn(quarter_of(at), share=global_control)
        found.append(Step("global_control", population.everybody & ~held_out))
    return found


def _refuse_lists_of_illness(spec: ListSpec, state: Engine) -> None:
    """Refuse to look into a list for an illness from one that is for something else."""
    if spec.purpose == HEALTH:
        return
    for place, leaf in leaves(spec.where, "/where"):
        listed = known_list(state, leaf.in_list) if isinstance(leaf, InList) else None
        if listed is not None and listed.spec.get("purpose") == HEALTH:
            raise ConditionError(
                "who is on that list tells of an illness. Set the purpose of this one to health, "
                "so that only those who consented to that are chosen.",
                place,
            )


def households(spec: ListSpec, population: Population) -> np.ndarray | None:
    """Return the code of each customer's household where only one of each is wanted."""
    return population.codes("household_id") if spec.one_a_household else None


def quarter_of(at: datetime) -> str:
    """Return the quarter of a year, after which another global control is drawn.

    Examples
    --------
    >>> quarter_of(datetime(2026, 11, 22))
    '2026Q4'
    """
    return f"{at.year}Q{(at.month + 2) // 3}"
