"""Folders with a manifest, rewritten without some persons so that a kill leaves nothing half.

New files are written beside the old ones, then the manifest that names them, then each takes
the place of the old one. Who was killed in between does the same again: rows are removed in one
way only, so that the same bytes come out, and the manifest is found to be right already.
"""

import json
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.durable import PARTIAL, write_json
from pipeline.fingerprint import file_digest
from pipeline.forget.rows import count_rows, is_parquet, remove_rows

MANIFEST = "manifest.json"


class Rewritten(NamedTuple):
    """A file, its draft without some persons, and how many rows less that has."""

    path: Path
    draft: Path
    rows: int


def erase_files(
    paths: Sequence[Path],
    people: Collection[str],
    *,
    at: datetime,
    mend: Callable[[Path, Sequence[Rewritten]], None] | None = None,
) -> int:
    """Remove persons from the Parquet files of one folder; return how many rows went.

    Parameters
    ----------
    paths : sequence of Path
        The files, of one folder.
    people : collection of str
        Whom to remove.
    at : datetime
        The time to record.
    mend : callable, optional
        Writes the folder's manifest; by default files, rows and what was erased are noted in
        one that lists files by name.
    """
    changed = []
    for path in paths:
        rows = count_rows(path, people)
        if rows:
            draft = draft_of(path)
            remove_rows(path, draft, people)
            changed.append(Rewritten(path, draft, rows))
    if not changed:
        return 0
    if mend is not None:
        mend(changed[0].path.parent, changed)
    else:
        _note(changed[0].path.parent, changed, at=at)
    for one in changed:
        one.draft.replace(one.path)
    return sum(one.rows for one in changed)


def parquet_files(folder: Path, *, but: Collection[str] = ()) -> Iterator[Path]:
    """Yield the Parquet files below a folder, in order, but for some of its own entries."""
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        own = path.relative_to(folder).parts[0]
        if own not in but and path.is_file() and not path.is_symlink() and is_parquet(path):
            yield path


def draft_of(path: Path) -> Path:
    """Return where the rewritten file lies before it takes the place of the old one."""
    return path.with_name(f"{PARTIAL}{os.getpid()}-forget-{path.name}")


def _note(folder: Path, changed: Sequence[Rewritten], *, at: datetime) -> None:
    path = folder / MANIFEST
    if not path.exists():
        return
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    files = manifest.get("files")
    if not isinstance(files, dict):
        return
    new = {one.path.name: file_digest(one.draft) for one in changed if one.path.name in files}
    if new.items() <= files.items():
        return  # written before the kill
    rows = sum(one.rows for one in changed)
    note = {"at": at, "rows": rows, "files": files}
    manifest |= {"files": files | new, "erased": [*manifest.get("erased", []), note]}
    if "rows" in manifest:
        manifest["rows"] -= rows
    write_json(path, manifest)
