"""The state database without some persons."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Engine,
    LargeBinary,
    String,
    Table,
    delete,
    func,
    select,
    text,
    update,
)

from campaigns.state.tables import Base, KeptAnswer

_CUSTOMER = "customer_id"
#: So many ids are named in one statement.
_CHUNK = 500
#: Texts that people or programs write freely.
_TEXTS = frozenset({"location", "about", "goal", "offer", "reason"})
#: What stands in the place of an id in a document.
PLACEHOLDER = "(forgotten)"


def count_state(state: Engine, people: Collection[str]) -> Counter[str]:
    """Return how many rows of the state database name some persons, by table."""
    found: Counter[str] = Counter()
    with state.connect() as connection:
        for table in _tables():
            if _CUSTOMER in table.c:
                for some in _chunks(people):
                    query = select(func.count()).where(table.c[_CUSTOMER].in_(some))
                    found[f"state: {table.name}"] += connection.scalar(query) or 0
    for table, _, _, _ in _documents(state, people):
        found[f"state: {table.name}"] += 1
    return +found


def erase_state(state: Engine, people: Collection[str]) -> None:
    """Remove persons from every table, and from the free pages of the file.

    Rows that are about one person go. In a document, such as the request of a job, a text
    stands in the place of the id. A kept answer that names the person goes as a whole.
    """
    if state.dialect.name == "sqlite":
        with state.connect() as connection:
            connection.execute(text("PRAGMA secure_delete = ON"))
            connection.commit()
            _erase(connection, state, people)
        _compact_sqlite(state)
        return
    with state.connect() as connection:
        _erase(connection, state, people)
    autocommit = state.execution_options(isolation_level="AUTOCOMMIT")
    with autocommit.connect() as connection:
        for table in _tables():
            connection.execute(text(f'VACUUM "{table.name}"'))


def _erase(connection: Any, state: Engine, people: Collection[str]) -> None:
    changes = list(_documents(state, people))
    with connection.begin():
        for table in _tables():
            if _CUSTOMER in table.c:
                for some in _chunks(people):
                    connection.execute(delete(table).where(table.c[_CUSTOMER].in_(some)))
        for table, key, name, value in changes:
            own = [column == key[column.name] for column in table.primary_key]
            if table.name == KeptAnswer.__tablename__:
                connection.execute(delete(table).where(*own))
            else:
                connection.execute(update(table).where(*own).values({name: value}))


def _compact_sqlite(state: Engine) -> None:
    """Write the file anew without what was deleted, and empty the log beside it.

    A reader in the middle of a transaction keeps the log from being emptied; it is asked for
    again, as readers here are done in milliseconds.
    """
    autocommit = state.execution_options(isolation_level="AUTOCOMMIT")
    with autocommit.connect() as connection:
        connection.execute(text("VACUUM"))
        for _ in range(100):
            busy, _log, _done = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
            if not busy:
                break


def _documents(
    state: Engine, people: Collection[str]
) -> Iterator[tuple[Table, dict[str, Any], str, Any]]:
    """Yield the documents that name persons: table, key, column, and what they become."""
    names = set(people)
    # An id between two of its own letters is another id.
    words = re.compile(
        "(?<![A-Za-z0-9_-])(" + "|".join(map(re.escape, sorted(names))) + ")(?![A-Za-z0-9_-])"
    )
    with state.connect() as connection:
        for table in _tables():
            keys = [column.name for column in table.primary_key]
            asked = [column for column in table.columns if _may_name(column)]
            for row in connection.execute(select(table)).mappings() if asked else ():
                for column in asked:
                    new = _changed(row[column.name], names, words)
                    if new != row[column.name]:
                        yield table, {one: row[one] for one in keys}, column.name, new


def _may_name(column: Column[Any]) -> bool:
    """Tell whether a column is a document, bytes, or a text that can hold an id."""
    if isinstance(column.type, JSON | LargeBinary):
        return True
    return isinstance(column.type, String) and column.name in _TEXTS


def _changed(value: Any, names: set[str], words: re.Pattern[str]) -> Any:
    if isinstance(value, bytes):
        return b"" if words.search(value.decode("utf-8", "replace")) else value
    if isinstance(value, str) and words.search(value):
        return PLACEHOLDER
    return _without(value, names)


def _without(document: Any, names: set[str]) -> Any:
    """Return a document in which a text that is the id of a person is replaced.

    Examples
    --------
    >>> _without({"customers": ["ann", "bob"], "size": 5}, {"ann"})
    {'customers': ['(forgotten)', 'bob'], 'size': 5}
    """
    if isinstance(document, dict):
        return {
            PLACEHOLDER if name in names else name: _without(value, names)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [_without(one, names) for one in document]
    return PLACEHOLDER if isinstance(document, str) and document in names else document


def _tables() -> list[Table]:
    return list(Base.metadata.sorted_tables)


def _chunks(people: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(people)
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))
