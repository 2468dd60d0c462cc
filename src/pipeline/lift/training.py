"""How a training came about, as it is on record."""

import json
from pathlib import Path
from typing import Any


def read_training(folder: Path) -> dict[str, Any]:
    """Return `training.json` of a training or of a version."""
    found: dict[str, Any] = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    return found
