"""Whom a standing list has reminded, of what, and for how long that counts."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.choosing import Step
from campaigns.members import control_path, member_rows, members_path
from campaigns.population import Population
from campaigns.ranking import Ranking
from campaigns.state.tables import Reminded
from pipeline.score_set import ScoreSet

#: Columns that say what a member is reminded of.
_ABOUT = ("product_id", "category")
_CHUNK = 10_000


def already_reminded(
    state: Engine,
    artifacts: Path,
    score_set: ScoreSet,
    population: Population,
    ranking: Ranking,
    *,
    name: str,
    occasion: str,
    due_on: date,
    again_after_days: int | None,
) -> Step:
    """Return who has been reminded of what they would be reminded of now.

    The cause is the standing list with the product or category that the customer ranks by,
    if the model names one; or the festival, whatever it is about. Those who were held out
    count as reminded: who is drawn again next week is no control of this week.

    Parameters
    ----------
    state, artifacts : Engine, Path
        Where the causes and the scores are kept.
    score_set, population, ranking : ScoreSet, Population, Ranking
        Who might be reminded, and of what.
    name : str
        The standing list.
    occasion : str
        Which time of a festival, or nothing.
    due_on : date
        The day of the run.
    again_after_days : int, optional
        Days after which a reminder no longer counts.
    """
    query = select(Reminded.customer_id, Reminded.about).where(
        Reminded.name == name, Reminded.due_on < due_on
    )
    if occasion:
        query = query.where(Reminded.about == occasion)
    elif again_after_days is not None:
        query = query.where(Reminded.due_on > due_on - timedelta(days=again_after_days))
    with state.connect() as connection:
        causes = {(customer, about) for customer, about in connection.execute(query)}
    if not causes:
        return Step("reminded", population.everybody)
    customers = pa.array(sorted({customer for customer, _ in causes}), pa.string())
    places = pc.index_in(customers, value_set=population.customers).drop_null().to_numpy()
    positions = np.sort(ranking.positions[places])
    positions = positions[positions >= 0]
    rows = member_rows(artifacts, score_set, ranking, positions)
    again = [cause in causes for cause in _causes(rows, occasion)]
    return Step(
        "reminded", population.everybody & ~population.bits(ranking.places[positions[again]])
    )


def remember(
    connection: Connection, artifacts: Path, list_id: str, *, name: str, occasion: str, due_on: date
) -> None:
    """Note the members of a list, and those held out of it, with what it was about."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    made = dialect.insert(Reminded.__table__).on_conflict_do_nothing()
    for path in (members_path(artifacts, list_id), control_path(artifacts, list_id)):
        rows = pq.read_table(path, columns=_columns(path))
        rows = rows.filter(pc.is_valid(rows["customer_id"]))
        values = [
            {"name": name, "customer_id": customer, "about": about, "due_on": due_on}
            for customer, about in _causes(rows, occasion)
        ]
        for start in range(0, len(values), _CHUNK):
            connection.execute(made, values[start : start + _CHUNK])


def _columns(path: Path) -> list[str]:
    there = pq.read_schema(path).names
    return [name for name in ("customer_id", *_ABOUT) if name in there]


def _causes(rows: pa.Table, occasion: str) -> Iterator[tuple[str, str]]:
    customers = rows["customer_id"].to_pylist()
    about = next((name for name in _ABOUT if name in rows.column_names), None)
    if occasion or about is None:
        return ((customer, occasion) for customer in customers)
    return zip(customers, (what or "" for what in rows[about].to_pylist()), strict=True)
