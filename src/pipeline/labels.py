"""Who was eligible at a cut-off, and what happened in the outcome window that followed."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
from ibis import _
from ibis.backends.duckdb import Backend

from features.definition import KEYS
from models.definition import Label, Model
from pipeline.durable import whole_folder, write_json
from pipeline.fingerprint import file_digest
from pipeline.grain_store import Grains
from pipeline.snapshot_store import read_snapshot


class ImmatureError(ValueError):
    """An outcome window has not closed yet."""


def label_folder(artifacts: Path, model: str, as_of: date) -> Path:
    """Return where the labels of a model and a cut-off lie."""
    return artifacts / "labels" / model / f"as_of={as_of.isoformat()}"


def eligible_rows(snapshot: ir.Table, model: Model) -> ir.Table:
    """Return the rows for whom the outcome is possible: the one rule of training and scoring."""
    return snapshot.filter(model.eligible(snapshot))


def label_table(
    grains: Grains,
    model: Model,
    *,
    snapshot: ir.Table,
    as_of: date,
    gap_days: int,
    horizon_days: int,
    known_before: date,
) -> ir.Table:
    """Return the key, `label` and the auxiliary labels of every eligible unit of one snapshot.

    Outcomes count in `[as_of + gap, as_of + gap + horizon)` by the local day they happened,
    and only as far as they were known before `known_before`, the scoring cut-off.

    Raises
    ------
    ImmatureError
        If the window has not closed by `known_before`.
    """
    opens = as_of + timedelta(days=gap_days)
    closes = opens + timedelta(days=horizon_days)
    if closes > known_before:
        raise ImmatureError(
            f"the outcome window of {as_of} closes on {closes}, after the scoring cut-off "
            f"{known_before}. Use a cut-off {(closes - known_before).days} days earlier, or "
            f"shorten horizon_days (now {horizon_days})."
        )
    keys = list(KEYS[model.unit])
    units = eligible_rows(snapshot, model).select(keys)
    for name, wanted in {
        "label": model.label,
        **{one.name: one for one in model.auxiliary},
    }.items():
        happened = outcome_rows(
            grains, wanted, opens=opens, closes=closes, known_before=known_before
        )
        outcome = happened.group_by(keys).aggregate(happens=wanted.outcome(happened))
        units = units.left_join(outcome, keys).select(
            *units.columns, **{name: _.happens.fill_null(0).cast("int8")}
        )
    return units.order_by(keys)


def outcome_rows(
    grains: Grains, label: Label, *, opens: date, closes: date, known_before: date
) -> ir.Table:
    """Return the rows that count as outcomes: those of the window that were known in time."""
    return grains.rows(label.grain).filter(
        _.event_on >= ibis.literal(opens),
        _.event_on < ibis.literal(closes),
        _.available_on < ibis.literal(known_before),
    )


class OutcomeSpan(NamedTuple):
    """First and last local day of the rows that counted as outcomes; none without a row."""

    first: date | None
    last: date | None


def outcome_span(happened: ir.Table) -> OutcomeSpan:
    """Return the days between which outcomes happened."""
    row = happened.aggregate(first=_.event_on.min(), last=_.event_on.max()).to_pyarrow()
    return OutcomeSpan(row["first"][0].as_py(), row["last"][0].as_py())


def read_label_manifest(artifacts: Path, model: str, as_of: date) -> dict[str, Any]:
    """Return the manifest of stored labels: window, rows, first and last outcome, files."""
    path = label_folder(artifacts, model, as_of) / "manifest.json"
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def files_as_built(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the digests of a manifest's files, as they were before anybody was forgotten.

    Examples
    --------
    >>> files_as_built({"files": {"a": "2"}, "erased": [{"files": {"a": "1"}}]})
    {'a': '1'}
    """
    erased = manifest.get("erased") or [manifest]
    found: dict[str, str] = dict(erased[0]["files"])
    return found


def build_labels(
    connection: Backend,
    grains: Grains,
    model: Model,
    *,
    cutoffs: Sequence[date],
    artifacts: Path,
    gap_days: int,
    horizon_days: int,
    known_before: date,
) -> None:
    """Write the labels of a model at each cut-off; arguments as for `label_table`."""
    for as_of in cutoffs:
        table = label_table(
            grains,
            model,
            snapshot=read_snapshot(connection, artifacts, model.unit, as_of),
            as_of=as_of,
            gap_days=gap_days,
            horizon_days=horizon_days,
            known_before=known_before,
        )
        opens = as_of + timedelta(days=gap_days)
        closes = opens + timedelta(days=horizon_days)
        span = outcome_span(
            outcome_rows(grains, model.label, opens=opens, closes=closes, known_before=known_before)
        )
        with whole_folder(label_folder(artifacts, model.name, as_of)) as folder:
            part = folder / "part-0.parquet"
            connection.to_parquet(table, part, compression="zstd")
            written = connection.read_parquet(part)
            write_json(
                folder / "manifest.json",
                {
                    "model": model.name,
                    "as_of": as_of,
                    "label": model.label.name,
                    "gap_days": gap_days,
                    "horizon_days": horizon_days,
                    "known_before": known_before,
                    "first_outcome": span.first,
                    "last_outcome": span.last,
                    "rows": int(written.count().execute()),
                    "positives": int(written.label.sum().execute() or 0),
                    "files": {part.name: file_digest(part)},
                },
            )
