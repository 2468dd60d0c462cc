"""A table of facts that came in several files: only those that are new are sifted.

What becomes of the rows of a file follows from the file and the rules; from other tables only
where they lack a row that the file names; from the day only where it holds rows of the future;
and from the files before it only where they hold the same keys. So what became of a file is
kept, and sifted again only where one of these has changed. Whether a key comes twice is told by
sorted 64-bit hashes that are kept of each file; rows whose hashes meet are compared in full.

Like kept grains, what is kept is a memory, not a result: whoever deletes it loses nothing but
time.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version as installed
from json import JSONDecodeError
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import ibis.expr.types as ir
import numpy as np

from features.table import Table
from pipeline.duck import quoted
from pipeline.duplicates import common
from pipeline.durable import scratch_folder, whole_file, whole_folder, write_json
from pipeline.fingerprint import code_digest, digest, file_digest
from pipeline.leftovers import discard
from pipeline.live_tables import link
from pipeline.quality import Finding, TableQuality
from pipeline.row_hashes import whole_hash
from pipeline.sift import Earlier, Files, Sieve, Sifted, notices_of, remember, sift_file
from pipeline.sources.definition import SOURCE_FILE

#: The folder of what is kept, under the artefacts.
SIFTED = "sifted"

_ACCEPTED, _QUARANTINE, _HASHES = "accepted.parquet", "quarantine.parquet", "keys.npy"
_MANIFEST, _COVERED, _MET = "manifest.json", "covered.json", "met.npy"
#: How long the number is that `ingest` puts before the name of a file.
_NUMBER = len("00000-")


class _Part(NamedTuple):
    """A file as sifted by itself: where the rows lie, and what was found."""

    name: str
    key: str
    folder: Path
    found: Sifted

    @property
    def quarantine(self) -> Path:
        """Where the refused rows lie, if there are any."""
        return self.folder / _QUARANTINE


def sift_parts(
    table: type[Table], sieve: Sieve, *, origin: str, memory: Path | None
) -> TableQuality:
    """Sift a table that `ingest` left as a folder of files, in the order of their names.

    Accepted rows are written to a folder, one file for each that was delivered; of rows with the
    same key, in whichever files, the first that breaks no rule stays. The others go to one file,
    with `_file` and `_row`.

    Parameters
    ----------
    table, sieve, origin
        As for `pipeline.sift.sift`.
    memory : Path, optional
        Where what became of each file is kept.

    Raises
    ------
    SourceError
        If a file is damaged.
    """
    name = f"{table.table_name}.parquet"
    delivered = sorted((sieve.ingested / name).glob("*.parquet"))
    with ExitStack() as stack:
        root = (
            memory / table.table_name
            if memory is not None
            else stack.enter_context(scratch_folder(sieve.tables / f".{name}"))
        )
        memories = _Memory(table, sieve, root)
        parts = [memories.sifted(path, origin=origin) for path in delivered]
        met = memories.met(parts)
        accepted = sieve.tables / name
        accepted.mkdir()
        found, refused = [], []
        for number, part in enumerate(parts):
            to = accepted / f"part-{number:05}.parquet"
            aside = root / f"{_QUARANTINE}-{number}"
            earlier = _earlier(parts[:number], common(part.found.hashes, met), accepted)
            if not earlier.files:
                link(part.folder / _ACCEPTED, to)
                aside = part.quarantine
                found.append(part.found)
            else:
                files = Files(delivered[number], to, aside)
                stack.callback(aside.unlink, missing_ok=True)
                found.append(sift_file(table, sieve, files, origin=origin, earlier=earlier))
            if aside.exists():
                refused.append((part.name[_NUMBER:], aside))
        if refused:
            _join(sieve, refused, sieve.quarantine / name)
        memories.keep(parts, met)
    remember(table, sieve)
    together = sieve.connection.read_parquet(delivered, union_by_name=True)
    return TableQuality(
        table=table.table_name,
        origin=origin,
        read=sum(one.read for one in found),
        accepted=sum(one.accepted for one in found),
        findings=tuple(_added(one.findings for one in found)),
        notices=tuple(notices_of(together, table, sieve)),
    )


class _Memory:
    """What became of the files of one table, each by itself."""

    def __init__(self, table: type[Table], sieve: Sieve, root: Path) -> None:
        self._table, self._sieve, self._root = table, sieve, root
        root.mkdir(parents=True, exist_ok=True)
        named = {c.references for c in table.columns() if c.references}
        self._known = {one: self._values(one) for one in sorted(named & sieve.known.keys())}
        self._digests = {
            one: digest(whole_hash(sieve.connection, rows)) for one, rows in self._known.items()
        }
        self._rules = digest(
            code_digest("features", "pipeline"),
            [installed(one) for one in ("duckdb", "ibis-framework")],
            table.table_name,
            sieve.time_zone,
            str(sieve.delays.get(table.table_name)),
            sorted(self._known),
        )
        self._lost: dict[tuple[str, str], bool] = {}

    def sifted(self, path: Path, *, origin: str) -> _Part:
        """Return what became of a file, from before if it would be the same today."""
        key = digest(self._rules, file_digest(path))
        folder = self._root / key
        kept = _read(folder)
        if kept is not None and self._still_holds(kept):
            if kept["known"] != self._digests:
                write_json(folder / _MANIFEST, {**kept, "known": self._digests})
            return _Part(path.name, key, folder, _found(kept, folder))
        with whole_folder(folder) as draft:
            files = Files(path, draft / _ACCEPTED, draft / _QUARANTINE)
            found = sift_file(
                self._table, self._sieve, files, origin=f"{origin}{path.name[_NUMBER:]}"
            )
            np.save(draft / _HASHES, np.unique(found.hashes))
            document = {
                "read": found.read,
                "accepted": found.accepted,
                "findings": [asdict(one) for one in found.findings],
                "now": self._sieve.now.astimezone(UTC),
                "known": self._digests,
                "files": {one.name: file_digest(one) for one in sorted(draft.iterdir())},
            }
            write_json(draft / _MANIFEST, document)
        return _Part(path.name, key, folder, _found(document, folder))

    def met(self, parts: Sequence[_Part]) -> np.ndarray:
        """Return the hashes of all keys that may be in more than one file."""
        covered, met = self._covered()
        own = {part.key: part.found.hashes for part in parts}
        fresh = [own[part.key] for part in parts if part.key not in covered]
        twice = [own[key] for key in own if sum(part.key == key for part in parts) > 1]
        if not fresh:
            return np.unique(np.concatenate([met, *twice]))
        new = np.sort(np.concatenate(fresh), kind="stable")
        found = [met, *twice, new[1:][new[1:] == new[:-1]]]
        found += [common(hashes, new) for key, hashes in own.items() if key in covered]
        return np.unique(np.concatenate(found))

    def keep(self, parts: Sequence[_Part], met: np.ndarray) -> None:
        """Remember what was compared; forget the files that were not delivered any more."""
        for one, rows in self._known.items():
            path = self._known_path(one, self._digests[one])
            if not path.exists():
                with whole_file(path) as draft:
                    self._sieve.connection.to_parquet(rows, draft)
        keys = sorted({part.key for part in parts})
        (self._root / _COVERED).unlink(missing_ok=True)
        with whole_file(self._root / _MET) as draft, draft.open("wb") as file:
            np.save(file, met)
        write_json(self._root / _COVERED, {"parts": keys, "met": file_digest(self._root / _MET)})
        used = {_COVERED, _MET, *keys}
        used |= {self._known_path(*one).name for one in self._digests.items()}
        for path in self._root.iterdir():
            if path.name not in used:
                discard(path)

    def _covered(self) -> tuple[set[str], np.ndarray]:
        """Return the files that were compared with one another, and the hashes that met."""
        try:
            found = json.loads((self._root / _COVERED).read_text(encoding="utf-8"))
            if file_digest(self._root / _MET) == found["met"]:
                return set(found["parts"]), np.load(self._root / _MET)
        except (OSError, JSONDecodeError, KeyError, UnicodeDecodeError):
            pass
        return set(), np.empty(0, dtype=np.int64)

    def _still_holds(self, kept: Mapping[str, Any]) -> bool:
        reasons = {one["reason"] for one in kept["findings"]}
        is_past = datetime.fromisoformat(kept["now"]) <= self._sieve.now
        if not is_past or any(one.startswith("in the future") for one in reasons):
            return False
        for name, now in self._digests.items():
            before = kept["known"].get(name)
            if before == now:
                continue
            if f"not in {name.partition('.')[0]}" in reasons or self._lacks(name, before):
                return False
        return True

    def _lacks(self, name: str, before: str | None) -> bool:
        """Tell whether a value that files may name was there before and is not now."""
        if before is None:
            return True
        if (name, before) not in self._lost:
            path = self._known_path(name, before)
            if not path.exists():
                return True
            then = self._sieve.connection.read_parquet(path)
            gone = then.anti_join(self._known[name], "value").count()
            self._lost[name, before] = bool(self._sieve.connection.execute(gone))
        return self._lost[name, before]

    def _values(self, name: str) -> ir.Table:
        return self._sieve.known[name].name("value").as_table().distinct()

    def _known_path(self, name: str, of: str) -> Path:
        return self._root / f"known-{name}-{of}.parquet"


def _earlier(parts: Sequence[_Part], met: np.ndarray, accepted: Path) -> Earlier:
    """Return the files before one that may hold the same keys."""
    files = tuple(
        accepted / f"part-{number:05}.parquet"
        for number, part in enumerate(parts)
        if len(met) and len(common(part.found.hashes, met))
    )
    return Earlier(files, met)


def _join(sieve: Sieve, parts: Sequence[tuple[str, Path]], to: Path) -> None:
    """Write refused rows of several files into one; columns that differ in type become texts."""

    def statement(columns: str) -> str:
        return " UNION ALL BY NAME ".join(
            f"SELECT {columns}, {quoted(Path(name))} AS {SOURCE_FILE} FROM read_parquet({quoted(path)})"  # noqa: E501, S608 - our own names
            for name, path in parts
        )

    for columns in ("*", "COLUMNS(*)::VARCHAR"):
        try:
            sieve.connection.raw_sql(
                f"COPY ({statement(columns)}) TO {quoted(to)} (FORMAT parquet)"
            )
        except duckdb.Error:
            if columns != "*":
                raise
        else:
            return


def _added(findings: Iterator[tuple[Finding, ...]]) -> Iterator[Finding]:
    """Add up what was found in several files."""
    rows: dict[tuple[str, str, str], int] = {}
    for one in (one for several in findings for one in several):
        told = (one.column, one.reason, one.fix)
        rows[told] = rows.get(told, 0) + one.rows
    for told, number in rows.items():
        yield Finding(*told, number)


def _found(kept: Mapping[str, Any], folder: Path) -> Sifted:
    findings = tuple(Finding(**one) for one in kept["findings"])
    hashes = np.load(folder / _HASHES, mmap_mode="r")
    return Sifted(kept["read"], kept["accepted"], findings, hashes)


def _read(folder: Path) -> dict[str, Any] | None:
    """Return what is kept of a file; none unless all its bytes are there."""
    try:
        kept: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        whole = all(file_digest(folder / name) == one for name, one in kept["files"].items())
    except (OSError, JSONDecodeError, UnicodeDecodeError, KeyError):
        return None
    return kept if whole else None
