"""The newest figures of every subject in one small file, for the service to report."""

import json
from pathlib import Path
from typing import Any

from pipeline.durable import write_json
from pipeline.monitor.keep import monitoring_folder
from pipeline.monitor.record import Record, history, subjects


def summary_path(artifacts: Path) -> Path:
    """Return where the summary lies."""
    return monitoring_folder(artifacts) / "newest.json"


def write_summary(artifacts: Path) -> None:
    """Replace the summary by the newest record of every subject."""
    newest = {name: figures_of(history(artifacts, name)[-1]) for name in subjects(artifacts)}
    write_json(summary_path(artifacts), newest)


def read_summary(artifacts: Path) -> dict[str, dict[str, Any]]:
    """Return the newest figures by subject; none before the first look."""
    try:
        found: dict[str, dict[str, Any]] = json.loads(
            summary_path(artifacts).read_text(encoding="utf-8")
        )
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found


def figures_of(record: Record) -> dict[str, Any]:
    """Return the figures of a record that are reported: numbers by name, and whose they are."""
    figures: dict[str, float] = {"alarms": float(len(record.alarms))}
    if record.drift is not None:
        figures["rows"] = float(record.drift.rows)
        moved = [one.nearest for one in record.drift.columns]
        figures["columns_ringing"] = float(sum(one.rings for one in record.drift.columns))
        figures["drift_psi_max"] = max(moved, default=0.0)
    if record.scores is not None:
        figures["score_psi"] = record.scores.nearest
    if record.turnover is not None:
        figures["turnover_share"] = record.turnover.share
    if record.realised is not None:
        for name, figure in record.realised.measures.items():
            figures[f"realised_{name}"] = figure.value
    return {
        "version": record.version,
        "as_of": record.as_of,
        "made_at": record.made_at,
        "figures": figures,
    }
