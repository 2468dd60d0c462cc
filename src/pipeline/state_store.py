"""Keep the state that pairs are scored with: what customers hold and like, what goes together."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from features.definition import View
from features.pair_context import KnownState
from features.shelf import associations, offers
from features.views import holdings, interests, tastes
from pipeline.durable import whole_file, whole_folder, write_json
from pipeline.fingerprint import digest, file_digest, rows_digest
from pipeline.grain_store import Grains
from pipeline.snapshot_store import SnapshotError
from pipeline.snapshot_table import Seen, seen
from pipeline.visible_digest import visible_digests

#: What is kept of each cut-off, by the name of its folder beside the snapshots.
KEPT: dict[str, View] = {
    "holdings": holdings,
    "tastes": tastes,
    "interests": interests,
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
    with whole_file(_catalogue(artifacts)) as draft:
        products = grains.table("products", wanted_by="the state of pairs")
        connection.to_parquet(products.order_by("product_id"), draft, compression="zstd")
    built: set[date] = set()
    for unit in ("customer", "product"):
        views = {
            name: view
            for name, view in KEPT.items()
            if view.unit == unit and set(view.sources) <= grains.delivered
        }
        sources = list(views.values())
        digests = visible_digests(grains, sources, list(cutoffs))
        code = [rows_digest(view) for view in sources]
        versions = {day: digest(found, code) for day, found in digests.items()}
        missing = [
            day
            for day in sorted(versions)
            if not all(_is_current(artifacts, name, day, versions[day]) for name in views)
        ]
        if missing:
            with seen(grains, [date.min]) as at:
                tables = {
                    name: at.made(f"sorted_{name}", _in_order(at.rows(v)))
                    for name, v in views.items()
                }
                for day in missing:
                    about = {"as_of": day, "version": versions[day], "data": data}
                    blocks = grains.blocks if unit == "customer" else 1
                    _write(connection, at, tables, artifacts, blocks=blocks, about=about)
        built.update(missing)
    return tuple(sorted(built))


def read_state(connection: Backend, artifacts: Path, as_of: date) -> KnownState:
    """Return the stored state of a cut-off, with the catalogue of the data beside it.

    Raises
    ------
    SnapshotError
        If it was never built.
    """
    tables: dict[str, ir.Table] = {}
    for name in kept_at(artifacts, as_of):
        folder = state_folder(artifacts, name, as_of)
        if not (folder / "manifest.json").exists():
            raise SnapshotError(
                f"no {name} of {as_of} in {folder.parent}. `shortlist run --as-of` builds them."
            )
        tables[name] = connection.read_parquet(folder / "*.parquet")
    return KnownState(**tables, products=connection.read_parquet(_catalogue(artifacts)))


def kept_at(artifacts: Path, as_of: date) -> list[str]:
    """Return the names of the tables that make up the state of a cut-off.

    What customers looked at counts only if it was kept together with what they hold.
    """
    beside = [
        manifest.read_text(encoding="utf-8")
        for name in ("holdings", "interests")
        if (manifest := state_folder(artifacts, name, as_of) / "manifest.json").exists()
    ]
    together = len({json.loads(text)["version"] for text in beside}) == 1 and len(beside) > 1
    return [name for name in KEPT if name != "interests" or together]


def state_versions(artifacts: Path, as_of: date) -> list[str]:
    """Return what the stored state of a cut-off follows from: rows and definitions."""
    manifests = (
        state_folder(artifacts, name, as_of) / "manifest.json" for name in kept_at(artifacts, as_of)
    )
    return [json.loads(path.read_text(encoding="utf-8"))["version"] for path in manifests]


def _catalogue(artifacts: Path) -> Path:
    """Return where the products lie; they have no history, so there is one file of them."""
    return artifacts / "snapshots" / "catalogue" / "products.parquet"


def _is_current(artifacts: Path, name: str, day: date, version: str) -> bool:
    manifest = state_folder(artifacts, name, day) / "manifest.json"
    return (
        manifest.exists() and json.loads(manifest.read_text(encoding="utf-8"))["version"] == version
    )


def _in_order(rows: ir.Table) -> ir.Table:
    return rows.order_by([one for one in _ORDER if one in rows.columns])


def _write(
    connection: Backend,
    at: Seen,
    tables: Mapping[str, ir.Table],
    artifacts: Path,
    *,
    blocks: int,
    about: Mapping[str, Any],
) -> None:
    """Write some tables of one cut-off, a block of customers at a time."""
    day = about["as_of"]
    with ExitStack() as drafts:
        folders = {
            name: drafts.enter_context(whole_folder(state_folder(artifacts, name, day)))
            for name in tables
        }
        for block in range(blocks):
            at.look([day], block=block)
            for name, rows in tables.items():
                connection.to_parquet(
                    rows, folders[name] / f"part-{block}.parquet", compression="zstd"
                )
        for name, folder in folders.items():
            parts = sorted(folder.glob("*.parquet"))
            write_json(
                folder / "manifest.json",
                {
                    "state": name,
                    **about,
                    "rows": int(connection.read_parquet(parts).count().execute()),
                    "files": {part.name: file_digest(part) for part in parts},
                },
            )
