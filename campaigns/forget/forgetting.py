"""Forget persons everywhere: one pass for many, which a kill or a service does not upset."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine

from campaigns.forget.lists import count_lists, erase_lists
from campaigns.forget.state import count_state, erase_state
from pipeline.alone import alone
from pipeline.durable import whole_file, write_json
from pipeline.forget.stores import (
    JOURNAL,
    count_stores,
    erase_cache,
    erase_memories,
    erase_stores,
)
from pipeline.forgotten import remember_forgotten, stir
from pipeline.release import announce

#: Where reports lie; they name nobody.
REPORTS = "erasures"
#: How often it is looked again for what somebody wrote meanwhile.
_ROUNDS = 3

#: What we cannot reach, and what the user has to do about it.
OUTSIDE = (
    "your source files and databases: remove the person there; every ingest leaves the rows out",
    "backups made before now: delete them, or after a restore forget the same persons again",
    "exports that were downloaded or handed on: ask whoever received them",
    "logs of a proxy or log collector, which may hold paths such as /v1/customers/ID: rotate them",
    "an MLflow server elsewhere: delete evaluation/predictions.parquet of its runs",
    "a DVC remote: delete what was pushed before now",
    "trained models: they hold no rows and no ids; the next training leaves the person out",
)


class StillThereError(RuntimeError):
    """Persons were written back while they were forgotten."""


class Report(NamedTuple):
    """What an erasure did.

    Attributes
    ----------
    at : datetime
        When it began.
    persons : int
        How many were asked for.
    removed : dict of str to int
        Rows (of DVC's cache: files; of lists: blanked rows) by store, as counted before.
    elsewhere : tuple of str
        What could not be reached, with the step for the user.
    done : bool
        Whether anything was changed; not in a dry run.
    """

    at: datetime
    persons: int
    removed: dict[str, int]
    elsewhere: tuple[str, ...]
    done: bool

    def document(self) -> dict[str, Any]:
        """Return it as JSON; it names nobody."""
        return {**self._asdict(), "at": self.at.isoformat(), "elsewhere": [*self.elsewhere]}


def forget(
    folder: Path,
    state: Engine | None,
    people: Iterable[str],
    *,
    at: datetime,
    dry_run: bool = False,
    tell: Callable[[str], None] = lambda _said: None,
) -> list[Report]:
    """Remove persons from all that is kept; an erasure that was killed is finished first.

    Parameters
    ----------
    folder : Path
        The project.
    state : Engine, optional
        The state database, if there is one.
    people : iterable of str
        Ids of customers, known or not; nobody, to finish what was killed.
    at : datetime
        The time to record, with its zone.
    dry_run : bool
        Only count.
    tell : callable
        Told what is being done.

    Returns
    -------
    list of Report
        Of the erasure that was finished first, if any, and of this one.

    Raises
    ------
    BusyError
        If a run is under way.
    StillThereError
        If somebody keeps on writing them back.
    """
    artifacts = folder / "artifacts"
    wanted = sorted({one for one in people if one})
    with alone(artifacts):
        if dry_run:
            counted = _count(folder, state, wanted)
            return [Report(at, len(wanted), dict(counted), OUTSIDE, done=False)]
        reports = []
        if (artifacts / JOURNAL).exists():
            tell("finishing an erasure that was cut off")
            reports.append(_finish(folder, state, tell))
        if wanted:
            tell("counting")
            _write_journal(artifacts, wanted, _count(folder, state, wanted), at)
            reports.append(_finish(folder, state, tell))
        return reports


def _count(folder: Path, state: Engine | None, people: Collection[str]) -> Counter[str]:
    if not people:
        return Counter()
    found = count_stores(folder, people) + count_lists(folder / "artifacts", people)
    return found + (count_state(state, people) if state is not None else Counter())


def _finish(folder: Path, state: Engine | None, tell: Callable[[str], None]) -> Report:
    """Do all that the journal asks for, whether or not some of it is done already."""
    artifacts = folder / "artifacts"
    journal = json.loads((artifacts / JOURNAL).read_text(encoding="utf-8"))
    people, at = journal["people"], datetime.fromisoformat(journal["at"])
    # First of all nothing may bring them back.
    remember_forgotten(artifacts, people, on=at.astimezone(UTC).date())
    for _ in range(_ROUNDS):
        tell("tables, snapshots, scores and models")
        erase_stores(folder, people, at=at)
        # From here on no list that was begun before can be put into force, and a service reads
        # everything anew; so the lists that there are now are all that name the persons.
        stir(artifacts)
        announce(artifacts)
        tell("lists")
        erase_lists(artifacts, state, people, at=at)
        if state is not None:
            tell("state database")
            erase_state(state, people)
        erase_memories(artifacts)
        erase_cache(folder, people)
        left = _count(folder, state, people)
        if not left:
            break
    else:
        raise StillThereError(
            f"somebody wrote rows of these persons again meanwhile: {', '.join(sorted(left))}. "
            "End what writes there, and run `shortlist forget` again without ids."
        )
    report = Report(at, len(people), journal["counted"], OUTSIDE, done=True)
    name = hashlib.sha256(journal["at"].encode()).hexdigest()[:8]
    write_json(artifacts / REPORTS / f"{at.date()}-{name}.json", report.document())
    (artifacts / JOURNAL).unlink()
    return report


def _write_journal(
    artifacts: Path, people: Collection[str], counted: Counter[str], at: datetime
) -> None:
    document = {"at": at.isoformat(), "people": [*people], "counted": dict(counted)}
    with whole_file(artifacts / JOURNAL) as draft:
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(document), encoding="utf-8")
