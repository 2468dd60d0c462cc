"""Keep snapshots: one immutable folder a unit and cut-off, with a manifest."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from json import JSONDecodeError
from pathlib import Path
from typing import Any, NamedTuple

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from features.definition import KEYS, Feature, Unit
from pipeline.durable import whole_folder, write_json
from pipeline.fingerprint import definition_digest, digest, file_digest
from pipeline.grain_store import Grains
from pipeline.snapshot_table import BASE, Seen, newest_rows, seen, snapshot_table
from pipeline.unkept_grains import UnkeptGrains
from pipeline.visible_digest import visible_digests


class SnapshotError(ValueError):
    """A snapshot is not there."""


class Built(NamedTuple):
    """Which cut-offs were built, and which were found as they should be."""

    built: tuple[date, ...]
    kept: tuple[date, ...]


def snapshot_folder(artifacts: Path, unit: Unit, as_of: date) -> Path:
    """Return where the snapshot of a unit and a cut-off lies."""
    return artifacts / "snapshots" / unit / f"as_of={as_of.isoformat()}"


def profile_folder(artifacts: Path, as_of: date) -> Path:
    """Return where the codes of all customers at a cut-off lie."""
    return artifacts / "snapshots" / "profile" / f"as_of={as_of.isoformat()}"


def build_snapshots(
    connection: Backend,
    grains: Grains,
    *,
    features: Sequence[Feature],
    cutoffs: Iterable[date],
    artifacts: Path,
    data: str,
    unit: Unit = "customer",
) -> Built:
    """Write one snapshot for each cut-off that is missing or out of date.

    Parameters
    ----------
    connection : Backend
        Engine that holds the grains.
    grains : Grains
        Rows to count.
    features : sequence of Feature
        Columns to build; those whose sources were not delivered are left out.
    cutoffs : iterable of date
        Local dates. A snapshot sees exactly the rows known before that day began.
    artifacts : Path
        Root of the artefacts; see `snapshot_folder`.
    data : str
        Fingerprint of the data, kept in the manifest.
    unit : str
        What a row is: `"customer"` or `"product"`.

    Returns
    -------
    Built
        The cut-offs that were built and those that were kept.
    """
    available = grains.deliverable(features)
    definitions = {one.name: definition_digest(one) for one in available}
    wanted = sorted(set(cutoffs))
    digests = (
        dict.fromkeys(wanted, data)
        if isinstance(grains, UnkeptGrains)
        else visible_digests(grains, [*(one.grain for one in available), BASE[unit]], wanted)
    )
    versions = {day: digest(digests[day], list(definitions.values())) for day in wanted}
    missing = [day for day in wanted if not is_current(artifacts, unit, day, versions[day])]
    with ExitStack() as opened:
        if missing and isinstance(grains, UnkeptGrains):
            opened.enter_context(grains.prepared(available, missing, base=BASE[unit]))
        at: Seen | None = None
        drafts: dict[date, _Draft] = {}
        blocks = range(grains.blocks if unit == "customer" else 1)
        for day, number in grains.turns(missing, blocks):
            if day not in drafts:
                drafts[day] = _begun(snapshot_folder(artifacts, unit, day), opened)
            draft = drafts[day]
            if at is None:
                at = opened.enter_context(seen(grains, [day], block=number))
                rows = grains.with_ids(snapshot_table(at, features=available, unit=unit))
                rows = at.made("snapshot", rows.order_by(list(KEYS[unit])))
                latest = at.made("newest", newest_rows(at, features=available))
            else:
                at.look([day], block=number)
            connection.to_parquet(rows, draft.folder / f"part-{number}.parquet", compression="zstd")
            draft.newest.update(later(draft.newest, latest.to_pyarrow()))
            if number != blocks[-1]:
                continue
            write_manifest(
                draft.folder,
                {
                    "unit": unit,
                    "as_of": day,
                    "version": versions[day],
                    "data": data,
                    "newest": draft.newest,
                    "codings": {},
                    "features": definitions,
                },
            )
            draft.opened.close()
    return Built(tuple(missing), tuple(day for day in wanted if day not in missing))


class _Draft(NamedTuple):
    """A snapshot of which some blocks are written; it takes its place once this is closed."""

    opened: ExitStack
    folder: Path
    newest: dict[str, date]


def _begun(path: Path, opened: ExitStack) -> _Draft:
    """Begin a snapshot, which goes again if `opened` ends in an error before it is closed."""
    own = opened.enter_context(ExitStack())
    return _Draft(own, own.enter_context(whole_folder(path)), {})


def read_manifest(artifacts: Path, unit: Unit, as_of: date) -> dict[str, Any]:
    """Return the manifest of a stored snapshot: rows, definitions, data, files.

    Raises
    ------
    SnapshotError
        If it was never built.
    """
    path = snapshot_folder(artifacts, unit, as_of) / "manifest.json"
    if not path.exists():
        raise SnapshotError(
            f"no snapshot of {as_of} in {path.parent.parent}. `shortlist run --as-of` builds "
            "those it needs."
        )
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def name_codings(artifacts: Path, as_of: date, versions: Mapping[str, str]) -> None:
    """Write into the manifest of a customer snapshot which codings were applied to it."""
    manifest = {**read_manifest(artifacts, "customer", as_of), "codings": dict(versions)}
    write_json(snapshot_folder(artifacts, "customer", as_of) / "manifest.json", manifest)


def fingerprint_of(manifest: Mapping[str, Any]) -> str:
    """Return what a snapshot's contents follow from: data, definitions and codings.

    The bytes would not do: built together with other cut-offs, a sum of doubles may end in
    another bit.
    """
    return digest(manifest["version"], manifest["codings"])


def read_snapshot(connection: Backend, artifacts: Path, unit: Unit, as_of: date) -> ir.Table:
    """Return a stored snapshot with the columns of the codings that its manifest names.

    `read_manifest` says what is raised where there is none.
    """
    columns = read_columns(connection, artifacts, unit, as_of)
    if unit != "customer" or not read_manifest(artifacts, unit, as_of)["codings"]:
        return columns
    codes = connection.read_parquet(str(profile_folder(artifacts, as_of) / "*.parquet"))
    return columns.left_join(codes.drop("as_of"), "customer_id").drop("customer_id_right")


def read_columns(connection: Backend, artifacts: Path, unit: Unit, as_of: date) -> ir.Table:
    """Return a stored snapshot without the codings, which are fitted on it."""
    read_manifest(artifacts, unit, as_of)
    return connection.read_parquet(str(snapshot_folder(artifacts, unit, as_of) / "*.parquet"))


def is_current(artifacts: Path, unit: Unit, day: date, version: str) -> bool:
    """Tell whether a snapshot is there, of these data and definitions, with all its bytes.

    DVC moves files in and out of its cache after a stage; killed meanwhile, it leaves some out.
    """
    try:
        manifest = read_manifest(artifacts, unit, day)
    except (SnapshotError, JSONDecodeError):
        return False
    folder = snapshot_folder(artifacts, unit, day)
    return bool(manifest["version"] == version and "newest" in manifest) and all(
        (folder / name).exists() and file_digest(folder / name) == expected
        for name, expected in manifest["files"].items()
    )


def later(known: Mapping[str, date], found: pa.Table) -> dict[str, date]:
    """Return the newest row of each grain of a block, where it is later than what is known."""
    return {
        row["grain"]: row["newest"]
        for row in found.sort_by("grain").to_pylist()
        if row["newest"] is not None and row["newest"] > known.get(row["grain"], date.min)
    }


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a snapshot whose files lie in a folder."""
    parts = sorted(folder.glob("*.parquet"))
    write_json(
        folder / "manifest.json",
        {
            **manifest,
            "rows": sum(pq.read_metadata(part).num_rows for part in parts),
            "files": {part.name: file_digest(part) for part in parts},
        },
    )
