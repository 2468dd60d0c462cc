"""Models that are left out because the data cannot teach them, and why."""

import json
from pathlib import Path

from pipeline.durable import write_json

#: Stands in the place of a model's results.
LEFT_OUT = "left_out.json"


class LeftOutError(ValueError):
    """A model is asked for that the data cannot teach."""


def note_left_out(folder: Path, reason: str) -> None:
    """Write, in the place of a model's results, why there are none."""
    write_json(folder / LEFT_OUT, {"reason": reason})


def left_out_reason(artifacts: Path, model: str) -> str | None:
    """Return why no cut-offs were found for a model; none where there are some."""
    path = artifacts / "cutoffs.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    reason: str | None = found.get(model, {}).get("left_out")
    return reason


def untaught_reason(artifacts: Path, model: str) -> str | None:
    """Return why the newest run left a model out, be it for its cut-offs or in its training."""
    path = artifacts / "trained" / model / LEFT_OUT
    if (reason := left_out_reason(artifacts, model)) or not path.exists():
        return reason
    found: str = json.loads(path.read_text(encoding="utf-8"))["reason"]
    return found
