"""The tables that lists are drawn from: the last that were accepted, whatever a run does now.

DVC removes a stage's outputs before it runs it, so `artifacts/tables` is gone while a run
validates, and stays away where it refuses the data. What lists read are the same files under
another name (hard links, which cost no room): a folder of their own for each delivery, named by
`artifacts/live_tables.json`, which is replaced by rename.
"""

import json
import os
import shutil
from json import JSONDecodeError
from pathlib import Path

from pipeline.durable import whole_folder, write_json
from pipeline.fingerprint import digest
from pipeline.leftovers import discard

#: The folder of accepted tables, under the artefacts; nothing is lost without it.
LIVE_TABLES = "live_tables"


def tables_folder(artifacts: Path) -> Path:
    """Return where the tables lie that were accepted last.

    Examples
    --------
    >>> str(tables_folder(Path("nothing/was/accepted/yet")))
    'nothing/was/accepted/yet/tables'
    """
    named = _named(artifacts)
    return named if named is not None and named.is_dir() else artifacts / "tables"


def accept_tables(artifacts: Path, *, keep_earlier: bool = True) -> Path:
    """Let lists be drawn from what lies in `artifacts/tables` now; return the folder.

    The folder before stays for those who are reading it, until the next one is accepted.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    keep_earlier : bool
        False where rows had to go for good: the folders before are removed at once.
    """
    tables, root = artifacts / "tables", artifacts / LIVE_TABLES
    files = table_files(tables)
    states = [(str(path.relative_to(tables)), path.stat()) for path in files]
    name = digest([(name, one.st_ino, one.st_size, one.st_mtime_ns) for name, one in states])
    folder, before = root / name, _named(artifacts)
    if before != folder or not folder.is_dir():
        with whole_folder(folder) as draft:
            for path in files:
                to = draft / path.relative_to(tables)
                to.parent.mkdir(exist_ok=True)
                link(path, to)
        write_json(artifacts / f"{LIVE_TABLES}.json", {"folder": name})
    kept = {folder, before} if keep_earlier else {folder}
    for one in root.iterdir():
        if one not in kept:
            discard(one)
    return folder


def table_files(table: Path) -> list[Path]:
    """Return the Parquet files of a table, or of a folder of tables, by name.

    A table of facts may be a folder of files; engines read it under its name all the same.
    """
    if table.is_file():
        return [table]
    return sorted(path for path in table.rglob("*.parquet") if path.is_file())


def _named(artifacts: Path) -> Path | None:
    try:
        found = json.loads((artifacts / f"{LIVE_TABLES}.json").read_text(encoding="utf-8"))
        return artifacts / LIVE_TABLES / str(found["folder"])
    except (OSError, JSONDecodeError, KeyError):
        return None


def link(path: Path, to: Path) -> None:
    """Give a file a second name; copy it where the file system has no such thing."""
    try:
        os.link(path.resolve(), to)
    except OSError:
        shutil.copyfile(path, to)
