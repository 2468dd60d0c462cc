"""Frozen lists without some persons: their rows stay, blank, so that counts and ranks do."""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from campaigns.state.tables import FrozenList
from pipeline.durable import write_json
from pipeline.fingerprint import file_digest
from pipeline.forget.folders import draft_of, erase_files, parquet_files
from pipeline.forget.rows import blank_rows, count_rows
from pipeline.leftovers import discard

#: What a list keeps of everybody, and which columns of a blanked row stay.
KEPT: dict[str, tuple[str, ...]] = {
    "members.parquet": ("rank",),
    "control.parquet": ("rank",),
    "outcomes.parquet": ("outcome",),
}
#: What was erased of a list, and when.
ERASURES = "erasures.json"


def count_lists(artifacts: Path, people: Collection[str]) -> Counter[str]:
    """Return how many rows of some persons lists hold, by what they are."""
    found: Counter[str] = Counter()
    for folder in _folders(artifacts):
        own = 0
        for name in KEPT:
            rows = count_rows(folder / name, people) if (folder / name).exists() else 0
            found[f"lists: {name}"] += rows
            own += rows if name == "members.parquet" else 0
        for path in parquet_files(folder / "assignments"):
            found["lists: assignments"] += count_rows(path, people)
        found["lists: exports"] += len(_exports(folder)) if own else 0
    return +found


def erase_lists(
    artifacts: Path, state: Engine | None, people: Collection[str], *, at: datetime
) -> None:
    """Blank the rows of persons in every list, and remove the exports that they may be in."""
    for folder in _folders(artifacts):
        _erase_list(folder, state, people, at=at)


def erasures_of(artifacts: Path, list_id: str) -> list[dict[str, Any]]:
    """Return what was erased of a list: when, how many rows of which file, its digests."""
    path = artifacts / "lists" / list_id / ERASURES
    found: list[dict[str, Any]] = (
        json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    )
    return found


def _erase_list(
    folder: Path, state: Engine | None, people: Collection[str], *, at: datetime
) -> None:
    there = [folder / name for name in KEPT if (folder / name).exists()]
    rows = {path.name: count_rows(path, people) for path in there}
    changed = [path for path in there if rows[path.name]]
    if rows.get("members.parquet"):
        # An export may name a member by address alone, so that no row of it can be told.
        for one in _exports(folder):
            discard(one)
    for path in changed:
        blank_rows(path, draft_of(path), people, keep=KEPT[path.name])
    if changed:
        _note(folder, {one.name: rows[one.name] for one in changed}, at=at)
    members = folder / "members.parquet"
    for path in changed:
        if path != members:
            draft_of(path).replace(path)
    if members in changed:
        _put_into_force(members, state)
    else:
        _repair(members, state)
    for _, own in _by_folder(folder / "assignments"):
        erase_files(own, people, at=at)


def _put_into_force(members: Path, state: Engine | None) -> None:
    """Replace the members and what the database says of them, as one step for whoever reads."""
    draft = draft_of(members)
    if state is None:
        draft.replace(members)
        return
    with Session(state) as session, session.begin():
        session.execute(_described(members.parent.name, draft))
        session.flush()
        draft.replace(members)


def _repair(members: Path, state: Engine | None) -> None:
    """Let the database say what the members are, where a kill came between the two."""
    noted = erasures_of(members.parents[2], members.parent.name)
    after = noted[-1]["after"].get(members.name) if noted else None
    if state is None or after is None or not members.exists() or file_digest(members) != after:
        return
    with Session(state) as session, session.begin():
        session.execute(
            _described(members.parent.name, members).where(FrozenList.members_sha256 != after)
        )


def _described(list_id: str, file: Path) -> Any:
    return (
        update(FrozenList)
        .where(FrozenList.id == list_id)
        .values(members_bytes=file.stat().st_size, members_sha256=file_digest(file))
    )


def _note(folder: Path, rows: dict[str, int], *, at: datetime) -> None:
    noted = erasures_of(folder.parents[1], folder.name)
    after = {name: file_digest(draft_of(folder / name)) for name in rows}
    if noted and after.items() <= noted[-1]["after"].items():
        return  # written before the kill
    before = {name: file_digest(folder / name) for name in rows}
    entry = {"at": at.isoformat(), "blanked": rows, "before": before, "after": after}
    write_json(folder / ERASURES, [*noted, entry])


def _folders(artifacts: Path) -> list[Path]:
    return [one for one in sorted((artifacts / "lists").glob("[!.]*")) if one.is_dir()]


def _exports(folder: Path) -> list[Path]:
    return sorted((folder / "exports").glob("*"))


def _by_folder(folder: Path) -> Iterator[tuple[Path, list[Path]]]:
    found: dict[Path, list[Path]] = {}
    for path in parquet_files(folder):
        found.setdefault(path.parent, []).append(path)
    yield from found.items()
