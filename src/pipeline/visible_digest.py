"""What a cut-off sees, as one digest: a snapshot is built again only if that changes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from features.definition import Grain, View
from pipeline.fingerprint import digest
from pipeline.grain_store import Grains
from pipeline.row_hashes import MODULUS, hashed_rows, whole_hash
from pipeline.snapshot_table import grain_of


class _Day(NamedTuple):
    """Rows that come into view, or go out of it, for all cut-offs after a day."""

    day: date
    rows: int
    hashes: int


def visible_digests(
    grains: Grains, sources: Iterable[Grain | View], cutoffs: Sequence[date]
) -> dict[date, str]:
    """Return, for each cut-off, a digest of the rows that these sources show to it.

    Facts that became known on the cut-off or later leave it as it is, so that a new day of
    facts touches no earlier snapshot. Tables without history, such as products, count as a
    whole. The order of rows does not matter.

    Parameters
    ----------
    grains : Grains
        The data.
    sources : iterable of Grain or View
        What is counted.
    cutoffs : sequence of date
        Local dates.
    """
    wanted = list(sources)
    of = sorted({grain_of(one) for one in wanted}, key=lambda one: one.name)
    tables = sorted({name for one in wanted for name in _tables_beside(one)})
    beside = {name: _whole(grains, name) for name in tables}
    changes = {one.name: _remembered_changes(grains, one) for one in of}
    return {day: digest(beside, {name: _seen_at(day, days) for name, days in changes.items()})
            for day in cutoffs}  # fmt: skip


def _whole(grains: Grains, table: str) -> list[int]:
    known = grains.remembered
    if ("whole", table) not in known:
        known["whole", table] = whole_hash(grains.connection, grains.table(table))
    found: list[int] = known["whole", table]
    return found


def _remembered_changes(grains: Grains, grain: Grain) -> list[_Day]:
    known = grains.remembered
    if ("changes", grain.name) not in known:
        known["changes", grain.name] = _changes(grains, grain)
    found: list[_Day] = known["changes", grain.name]
    return found


def _seen_at(cutoff: date, changes: list[_Day]) -> tuple[int, int]:
    before = [one for one in changes if one.day < cutoff]
    return sum(one.rows for one in before), sum(one.hashes for one in before) % MODULUS


def _changes(grains: Grains, grain: Grain) -> list[_Day]:
    """Return what comes into view by the day it was known, less what goes by its last day."""
    rows = grains.rows(grain)
    # When a state ends is not seen, only that it holds.
    columns = [name for name in rows.columns if name != "until_on"]
    until = "until_on" if "until_on" in rows.columns else "NULL"
    changes: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    for since, last, number, hashes in hashed_rows(
        grains.connection, rows, columns, "available_on", until
    ):
        for day, sign in ((since, 1), (since and last and max(since, last), -1)):
            if day is not None:
                changes[day][0] += sign * number
                changes[day][1] += sign * int(hashes)
    return [_Day(day, number, hashes) for day, (number, hashes) in sorted(changes.items())]


def _tables_beside(source: Grain | View) -> tuple[str, ...]:
    if isinstance(source, Grain):
        return ()
    return (*source.tables, *_tables_beside(source.base))
