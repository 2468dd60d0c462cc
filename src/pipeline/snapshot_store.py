"""Keep snapshots: one immutable folder a unit and cut-off, with a manifest."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from json import JSONDecodeError
from pathlib import Path
from typing import Any, NamedTuple

import ibis.expr.types as ir
from ibis import _
from ibis.backends.duckdb import Backend

from features.definition import KEYS, Feature, Unit
from pipeline.durable import whole_folder, write_json
from pipeline.fingerprint import definition_digest, digest, file_digest
from pipeline.snapshot_table import Grains, newest_rows, seen, snapshot_table


class SnapshotError(ValueError):
    """A snapshot is not there."""


class Built(NamedTuple):
    """Which cut-offs were built, and which were found as they should be."""

    built: tuple[date, ...]
    kept: tuple[date, ...]


def snapshot_folder(artifacts: Path, unit: Unit, as_of: date) -> Path:
    """Return where the snapshot of a unit and a cut-off lies."""
    return artifacts / "snapshots" / unit / f"as_of={as_of.isoformat()}"


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
    version = digest(data, [definition_digest(one) for one in available])
    wanted = sorted(set(cutoffs))
    missing = [day for day in wanted if not _is_current(artifacts, unit, day, version)]
    if missing:
        with seen(grains, missing) as at:
            table = snapshot_table(at, features=available, unit=unit)
            table = connection.create_table("snapshots", table, temp=True, overwrite=True)
            newest = newest_rows(at, features=available, cutoffs=missing)
        for day in missing:
            _write(
                connection,
                table.filter(_.as_of == day).order_by(list(KEYS[unit])),
                snapshot_folder(artifacts, unit, day),
                features=available,
                manifest={
                    "unit": unit,
                    "as_of": day,
                    "version": version,
                    "data": data,
                    "newest": newest[day],
                    "codings": {},
                },
            )
        connection.drop_table("snapshots")
    return Built(tuple(missing), tuple(day for day in wanted if day not in missing))


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


def read_snapshot(connection: Backend, artifacts: Path, unit: Unit, as_of: date) -> ir.Table:
    """Return a stored snapshot; `read_manifest` says what is raised where there is none."""
    read_manifest(artifacts, unit, as_of)
    return connection.read_parquet(snapshot_folder(artifacts, unit, as_of) / "*.parquet")


def _is_current(artifacts: Path, unit: Unit, day: date, version: str) -> bool:
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


def _write(
    connection: Backend,
    rows: ir.Table,
    to: Path,
    *,
    features: Sequence[Feature],
    manifest: Mapping[str, Any],
) -> None:
    with whole_folder(to) as folder:
        part = folder / "part-0.parquet"
        connection.to_parquet(rows, part, compression="zstd")
        write_json(
            folder / "manifest.json",
            {
                **manifest,
                "rows": int(connection.read_parquet(part).count().execute()),
                "features": {one.name: definition_digest(one) for one in features},
                "files": {part.name: file_digest(part)},
            },
        )
