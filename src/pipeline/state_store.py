"""Keep the state that pairs are scored with: what customers hold and like, what goes together."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import ibis.expr.types as ir
from ibis import _
from ibis.backends.duckdb import Backend

from features.definition import View
from features.pair_context import KnownState
from features.shelf import associations, offers
from features.views import holdings, tastes
from pipeline.durable import whole_folder, write_json
from pipeline.fingerprint import digest, file_digest, rows_digest
from pipeline.snapshot_store import SnapshotError
from pipeline.snapshot_table import Grains, seen

#: What is kept of each cut-off, by the name of its folder beside the snapshots.
KEPT: dict[str, View] = {
    "holdings": holdings,
    "tastes": tastes,
    "offers": offers,
    "associations": associations,
}

#: Rows of a customer lie together, so that pairs are scored by blocks of customers.
_ORDER = ("customer_id", "product_id", "attribute", "value", "season", "lead", "companion")


def state_folder(artifacts: Path, name: str, as_of: date) -> Path:
    """Return where one table of the state of a cut-off lies."""
    return artifacts / "snapshots" / name / f"as_of={as_of.isoformat()}"


def build_state(
    connection: Backend, grains: Grains, *, cutoffs: Sequence[date], artifacts: Path, data: str
) -> tuple[date, ...]:
    """Write the state of each cut-off that is missing or out of date; return those built.

    Parameters
    ----------
    connection : Backend
        Engine that holds the grains.
    grains : Grains
        Rows to reduce.
    cutoffs : sequence of date
        Local dates.
    artifacts : Path
        Root of the artefacts; see `state_folder`.
    data : str
        Fingerprint of the data, kept in the manifest.
    """
    version = digest(data, [rows_digest(view) for view in KEPT.values()])
    missing = [day for day in sorted(set(cutoffs)) if not _is_current(artifacts, day, version)]
    if not missing:
        return ()
    with seen(grains, missing) as at:
        for name, view in KEPT.items():
            rows = at.rows(view)
            for day in missing:
                folder = state_folder(artifacts, name, day)
                _write(connection, rows.filter(_.as_of == day), folder, day=day, version=version)
    return tuple(missing)


def read_state(connection: Backend, grains: Grains, artifacts: Path, as_of: date) -> KnownState:
    """Return the stored state of a cut-off, with the catalogue of the data beside it.

    Raises
    ------
    SnapshotError
        If it was never built.
    MissingTableError
        If the data hold no products.
    """
    tables: dict[str, ir.Table] = {}
    for name in KEPT:
        folder = state_folder(artifacts, name, as_of)
        if not (folder / "manifest.json").exists():
            raise SnapshotError(
                f"no {name} of {as_of} in {folder.parent}. `shortlist run --as-of` builds them."
            )
        tables[name] = connection.read_parquet(folder / "*.parquet")
    return KnownState(**tables, products=grains.table("products"))


def _is_current(artifacts: Path, day: date, version: str) -> bool:
    for name in KEPT:
        manifest = state_folder(artifacts, name, day) / "manifest.json"
        if not manifest.exists():
            return False
        if json.loads(manifest.read_text(encoding="utf-8"))["version"] != version:
            return False
    return True


def _write(connection: Backend, rows: ir.Table, to: Path, *, day: date, version: str) -> None:
    with whole_folder(to) as folder:
        part = folder / "part-0.parquet"
        order = [one for one in _ORDER if one in rows.columns]
        connection.to_parquet(rows.order_by(order), part, compression="zstd")
        write_json(
            folder / "manifest.json",
            {
                "state": to.parent.name,
                "as_of": day,
                "rows": int(connection.read_parquet(part).count().execute()),
                "version": version,
                "files": {part.name: file_digest(part)},
            },
        )
