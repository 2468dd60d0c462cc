"""What changed between two lists: who joined, who left, whose rank is another, and why."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import duckdb
import pyarrow as pa
from pydantic import ValidationError

from campaigns.list_spec import ListSpec
from campaigns.members import DamagedListError, members_path, outcomes_path, read_members
from campaigns.target_list import TargetList
from pipeline.duck import quoted

Change = Literal["joined", "left", "reranked"]

#: Outcomes that follow from what customers allow, not from scores or the request.
OF_PERMISSIONS = ("no_consent", "suppressed", "contact_cap")


class Difference(NamedTuple):
    """A list, compared with another one.

    Attributes
    ----------
    joined, left, stayed, reranked : int
        Members of the list only, of the other only, of both; and of these with another rank.
    joined_from, left_for : dict of str to int
        Who joined, by their outcome in the other list; who left, by that in this one.
        `unknown` are those who were not known at its cut-off.
    causes : tuple of str
        What differs: `spec`, `model`, `model_version`, `score_set`, `permissions`.
    spec_changes : tuple of str
        The fields of the request that differ.
    by_permission : int
        How many left or joined because of consents, suppressions or contacts.
    """

    joined: int
    left: int
    stayed: int
    reranked: int
    joined_from: dict[str, int]
    left_for: dict[str, int]
    causes: tuple[str, ...]
    spec_changes: tuple[str, ...]
    by_permission: int

    def document(self) -> dict[str, Any]:
        """Return it as command line and HTTP answer it."""
        return {**self._asdict(), "causes": [*self.causes], "spec_changes": [*self.spec_changes]}


def difference(artifacts: Path, now: TargetList, before: TargetList) -> Difference:
    """Compare a list with another one.

    Raises
    ------
    DamagedListError
        If the members or outcomes of one of them cannot be read.
    """
    with _opened(artifacts, now, before) as connection:
        (counts,) = connection.sql(
            "SELECT count(*) FILTER (rank_before IS NULL), count(*) FILTER (rank IS NULL), "
            "count(*) FILTER (rank = rank_before), count(*) FILTER (rank <> rank_before) "
            "FROM compared"
        ).fetchall()
        joined, left, same, reranked = counts
        by_outcome = {change: _by_outcome(connection, change) for change in ("joined", "left")}
    by_permission = sum(own.get(name, 0) for own in by_outcome.values() for name in OF_PERMISSIONS)
    changes = spec_changes(before.spec, now.spec)
    differs = {
        "spec": bool(changes),
        "model": now.model != before.model,
        "model_version": (now.model, now.version) != (before.model, before.version),
        "score_set": (now.score_set, now.score_set_revision)
        != (before.score_set, before.score_set_revision),
        "permissions": bool(by_permission),
    }
    return Difference(
        joined=joined,
        left=left,
        stayed=same + reranked,
        reranked=reranked,
        joined_from=by_outcome["joined"],
        left_for=by_outcome["left"],
        causes=tuple(name for name, does in differs.items() if does),
        spec_changes=changes,
        by_permission=by_permission,
    )


def changed_members(
    artifacts: Path, now: TargetList, before: TargetList, change: Change, *, after: int, limit: int
) -> pa.Table:
    """Return the members of one kind of change, best rank first.

    Returns
    -------
    pyarrow.Table of shape (n_rows, 4)
        `customer_id`, `rank` and `rank_before`, null where they were no member, and `outcome`
        in the list in which they are none.
    """
    with _opened(artifacts, now, before) as connection:
        return connection.sql(
            f"{_ROWS[change]} ORDER BY coalesce(rank, rank_before) LIMIT {limit:d} OFFSET {after:d}"
        ).to_arrow_table()


def spec_changes(before: dict[str, Any], now: dict[str, Any]) -> tuple[str, ...]:
    """Return the fields in which two requests differ, defaults included.

    Examples
    --------
    >>> spec_changes({"model": "m", "size": 5}, {"model": "m", "size": 6, "seed": 0})
    ('size',)
    """
    first, second = _whole(before), _whole(now)
    names = [*ListSpec.model_fields, *sorted({*first, *second} - {*ListSpec.model_fields})]
    return tuple(name for name in names if first.get(name) != second.get(name))


def _whole(spec: dict[str, Any]) -> dict[str, Any]:
    try:
        return ListSpec.model_validate(spec).model_dump(mode="json", by_alias=True)
    except ValidationError:  # of an earlier version of the language
        return spec


def _by_outcome(connection: duckdb.DuckDBPyConnection, change: str) -> dict[str, int]:
    found = connection.sql(
        f"SELECT outcome, count(*) AS n FROM ({_ROWS[change]}) "  # noqa: S608 - ours
        "GROUP BY outcome ORDER BY n DESC, outcome"
    )
    return {str(outcome): int(number) for outcome, number in found.fetchall()}


#: Members of both lists with their ranks, and rows of each kind of change.
_BOTH = (
    "CREATE TEMP TABLE compared AS SELECT customer_id, n.rank AS rank, b.rank AS rank_before "
    "FROM members_now n FULL JOIN members_before b USING (customer_id)"
)
_NOT_FORGOTTEN = "WHERE customer_id IS NOT NULL"
_ROWS: dict[str, str] = {
    "joined": "SELECT customer_id, rank, rank_before, coalesce(o.outcome, 'unknown') AS outcome "
    "FROM compared LEFT JOIN outcomes_before o USING (customer_id) WHERE rank_before IS NULL",
    "left": "SELECT customer_id, rank, rank_before, coalesce(o.outcome, 'unknown') AS outcome "
    "FROM compared LEFT JOIN outcomes_now o USING (customer_id) WHERE rank IS NULL",
    "reranked": "SELECT customer_id, rank, rank_before, 'selected' AS outcome "
    "FROM compared WHERE rank <> rank_before",
}


@contextmanager
def _opened(
    artifacts: Path, now: TargetList, before: TargetList
) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name, one in (("now", now), ("before", before)):
            read_members(artifacts, one.id, one.members, after=0, limit=1)
            outcomes = outcomes_path(artifacts, one.id)
            if not outcomes.exists():
                raise DamagedListError(
                    f"{outcomes.name} of list {one.id} is missing. Restore it from a backup."
                )
            members = quoted(members_path(artifacts, one.id))
            connection.execute(
                f"CREATE VIEW members_{name} AS FROM read_parquet({members}) {_NOT_FORGOTTEN}"
            )
            connection.execute(
                f"CREATE VIEW outcomes_{name} AS SELECT customer_id, outcome::VARCHAR AS outcome "  # noqa: S608 - ours
                f"FROM read_parquet({quoted(outcomes)}) {_NOT_FORGOTTEN}"
            )
        connection.execute(_BOTH)
        yield connection
