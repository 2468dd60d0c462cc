"""What monitoring keeps under `artifacts/monitoring/`: counts only, never a customer's row."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.durable import write_json
from pipeline.monitor.counts import Bins, Counted


def monitoring_folder(artifacts: Path, subject: str | None = None) -> Path:
    """Return where all that monitoring keeps lies, or what it keeps of one subject."""
    folder = artifacts / "monitoring"
    return folder if subject is None else folder / subject


def read_bins(artifacts: Path, subject: str) -> dict[str, Bins]:
    """Return the bins of the columns of a subject; they stay, so that months compare."""
    path = monitoring_folder(artifacts, subject) / "bins.json"
    return {name: Bins.model_validate(one) for name, one in _read(path).items()}


def write_bins(artifacts: Path, subject: str, bins: Mapping[str, Bins]) -> None:
    """Keep the bins of a subject."""
    write_json(
        monitoring_folder(artifacts, subject) / "bins.json",
        {name: one.model_dump(exclude_none=True) for name, one in sorted(bins.items())},
    )


def read_counts(artifacts: Path, subject: str, as_of: date, *, made_from: str) -> Counted | None:
    """Return the counts of a cut-off, if they were made from just these rows and bins."""
    found = _read(_counts_path(artifacts, subject, as_of))
    if found.get("made_from") != made_from:
        return None
    return Counted(found["rows"], found["columns"])


def write_counts(
    artifacts: Path, subject: str, as_of: date, counted: Counted, *, made_from: str
) -> None:
    """Keep the counts of a cut-off, and what they were made from."""
    document = {"as_of": as_of, "made_from": made_from, **counted._asdict()}
    write_json(_counts_path(artifacts, subject, as_of), document)


def _counts_path(artifacts: Path, subject: str, as_of: date) -> Path:
    return monitoring_folder(artifacts, subject) / "counts" / f"as_of={as_of.isoformat()}.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found
