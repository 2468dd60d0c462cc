"""Artifacts with tables, scores and nothing else: what lists are asked of."""

from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import ibis
from pydantic import TypeAdapter
from scored import MODEL, go_live
from shop import table

from campaigns.conditions.condition import Condition
from campaigns.members import members_path
from campaigns.population import Population
from pipeline.release import read_release
from pipeline.score_set import read_score_set

AS_OF = date(2024, 6, 1)
NOW = datetime(2024, 6, 2, 9, tzinfo=UTC)
CONDITION = TypeAdapter(Condition)
#: Tables that are delivered in any case, if need be without a row.
ALWAYS = ("customers", "products", "transactions")


def deliver(artifacts, *rows, also=(), scores=None, time_zone="UTC"):
    """Store these rows as delivered tables; everybody has a score, the first the best."""
    tables = defaultdict(list, {name: [] for name in (*ALWAYS, *also)})
    for row in rows:
        tables[row.table].append(row)
    folder = Path(artifacts) / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    for name, given in tables.items():
        ibis.duckdb.connect().to_parquet(table(name, given), folder / f"{name}.parquet")
    people = [row["customer_id"] for row in tables["customers"]]
    if scores is None:
        scores = {name: 0.9 - 0.01 * place for place, name in enumerate(dict.fromkeys(people))}
    return go_live(artifacts, scores, as_of=AS_OF, time_zone=time_zone)


@contextmanager
def population_of(artifacts, **given):
    """Yield everybody known, with the live scores."""
    release = read_release(artifacts)
    scores = {
        name: read_score_set(artifacts, name, one.score_set) for name, one in release.models.items()
    }
    with Population(
        artifacts,
        scores[MODEL],
        scores=scores,
        members=lambda identity: members_path(artifacts, identity),
        **given,
    ) as population:
        yield population


def who_meets(artifacts, document, **given):
    """Return the ids of those who meet a condition, as its JSON document asks it."""
    with population_of(artifacts, **given) as population:
        return named(population, population.meets(CONDITION.validate_python(document)))


def named(population, bits):
    """Return the ids that bits stand for."""
    import numpy as np

    held = np.unpackbits(bits, count=len(population)).view(bool)
    return [
        one for one, is_held in zip(population.customers.to_pylist(), held, strict=True) if is_held
    ]
