"""Remove rows that are older than they are kept from every store of delivered tables.

`ingest` takes such rows not in, so that they are in nothing that is made from then on. What was
made before the limit moved is brought up to it here: tables are rewritten in place, memories and
files of DVC's cache that hold such rows go.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from json import JSONDecodeError
from pathlib import Path

import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from pipeline.durable import PARTIAL, write_json
from pipeline.engine import engine
from pipeline.fingerprint import digest
from pipeline.forget.rows import is_parquet
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.kept_since import Kept
from pipeline.leftovers import dead_drafts, discard, spills
from pipeline.live_tables import LIVE_TABLES, link, table_files
from pipeline.past_rows import count_past_rows, leave_out_past_rows
from pipeline.sifted_parts import SIFTED

#: Where a check of tables, `shortlist validate`, leaves them.
VALIDATION = "validation"
CACHE = "dvc cache"

_TABLES = ("ingested", "tables", "quarantine", LIVE_TABLES, VALIDATION)
_MARK = "kept_since.json"
_CUTOFF = re.compile(r"\bas_of=(\d{4}-\d\d-\d\d)\b")


def erase_past_rows(folder: Path, kept: Kept, *, only_if_moved: bool = False) -> Counter[str]:
    """Remove rows that are too old from a project; return how many went, by store.

    To be called by whoever keeps runs out. Rows that other files share by hard links count once.
    What is live stays readable all the while: a file is replaced whole.

    Parameters
    ----------
    folder : Path
        The project.
    kept : Kept
        Which rows stay.
    only_if_moved : bool
        Do nothing where this was done already with the same limits.
    """
    artifacts, state = folder / "artifacts", digest(*kept._asdict().values())
    if not kept.since:
        (artifacts / _MARK).unlink(missing_ok=True)
    if not kept.since or (only_if_moved and _mark(artifacts) == state):
        return Counter()
    for draft in (*dead_drafts(folder), *spills(artifacts)):
        discard(draft)
    with engine(artifacts, in_order=True) as connection:
        found = _erase_tables(connection, artifacts, kept)
        for part in _sifted(connection, artifacts, kept):
            discard(part)
        if _mark(artifacts) != state or found:
            discard(artifacts / KEPT_GRAINS)
        gone = set()
        for file, rows in _cached(connection, folder, kept):
            found[CACHE] += rows
            gone.add(file.parent.name + file.name)
            discard(file)
        for listing in _listings(folder):
            if gone & {str(one["md5"]) for one in _listed(listing)}:
                discard(listing)
    write_json(artifacts / _MARK, {"kept_since": state})
    return +found


def count_past_stores(folder: Path, kept: Kept) -> Counter[str]:
    """Return how many rows that are too old each store of a project holds."""
    artifacts = folder / "artifacts"
    found: Counter[str] = Counter()
    if not kept.since:
        return found
    with engine(artifacts) as connection:
        for several in _table_files(artifacts, kept):
            store, table, path = several[0]
            found[store] += count_past_rows(connection, path, table, kept)
        for _, rows in _cached(connection, folder, kept):
            found[CACHE] += rows
    return +found


def expired_cutoffs(folders: Iterator[Path], since: date) -> Iterator[Path]:
    """Yield the folders of cut-offs at which nothing was known that is kept."""
    for path in folders:
        named = _CUTOFF.fullmatch(path.name)
        if named and date.fromisoformat(named[1]) <= since:
            yield path


def _erase_tables(connection: Backend, artifacts: Path, kept: Kept) -> Counter[str]:
    found: Counter[str] = Counter()
    for (store, table, first), *others in _table_files(artifacts, kept):
        rows = leave_out_past_rows(connection, first, table, kept)
        found[store] += rows
        for _, _, path in others if rows else ():
            draft = path.with_name(f"{PARTIAL}{os.getpid()}-kept-{path.name}")
            link(first, draft)
            draft.replace(path)
    return found


def _table_files(artifacts: Path, kept: Kept) -> Iterator[list[tuple[str, str, Path]]]:
    """Yield store, table and path of the files of limited tables; those that are one, together."""
    found: dict[tuple[int, int], list[tuple[str, str, Path]]] = {}
    for store in _TABLES:
        for table in kept.since:
            for root in sorted((artifacts / store).rglob(f"{table}.parquet")):
                for path in table_files(root):
                    status = path.stat()
                    same = found.setdefault((status.st_dev, status.st_ino), [])
                    same.append((store, table, path))
    yield from found.values()


def _sifted(connection: Backend, artifacts: Path, kept: Kept) -> Iterator[Path]:
    """Yield what is remembered of files that hold rows which are too old."""
    for table in kept.since:
        for part in sorted((artifacts / SIFTED / table).glob("*")):
            files = sorted(part.glob("*.parquet"))
            if any(count_past_rows(connection, path, table, kept) for path in files):
                yield part


def _cached(connection: Backend, folder: Path, kept: Kept) -> Iterator[tuple[Path, int]]:
    """Yield the files of DVC's cache with rows that are too old, and how many those are.

    The cache holds what earlier runs made, under names that follow from the contents; lists of
    folders say which table, or which cut-off, a file was.
    """
    for listing in _listings(folder):
        for one in _listed(listing):
            path = listing.parent.parent / one["md5"][:2] / one["md5"][2:]
            table = one["relpath"].partition("/")[0].removesuffix(".parquet")
            if not path.is_file() or not is_parquet(path):
                continue
            if table in kept.since:
                rows = count_past_rows(connection, path, table, kept)
            else:
                rows = _expired_rows(path, one["relpath"], kept)
            if rows:
                yield path, rows


def _listings(folder: Path) -> list[Path]:
    return sorted((folder / ".dvc" / "cache").rglob("*.dir"))


def _listed(listing: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(listing.read_text(encoding="utf-8"))
    return found


def _expired_rows(path: Path, name: str, kept: Kept) -> int:
    """Return the rows of a file of a cut-off at which nothing was known that is kept."""
    found = _CUTOFF.search(name)
    since = kept.since.get("transactions")
    if since is None or found is None or date.fromisoformat(found[1]) > since:
        return 0
    return int(pq.read_metadata(path).num_rows)


def _mark(artifacts: Path) -> str:
    try:
        found = json.loads((artifacts / _MARK).read_text(encoding="utf-8"))
        return str(found["kept_since"])
    except (OSError, JSONDecodeError, KeyError, UnicodeDecodeError):
        return ""
