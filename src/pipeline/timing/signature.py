"""What a registered model of dates takes and returns."""

import json
from pathlib import Path
from typing import Any

#: The one table that it returns.
RETURNED = {
    "probability": "double",
    "due_in_days": "long",
    "opens_in_days": "long",
    "closes_in_days": "long",
    "rank": "long",
    "model": "string",
    "tested_as_of": "string",
}


def timing_signature(trained: Path) -> Any:
    """Declare every column as a number or a text that may be missing, and the table returned."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    training = json.loads((trained / "training.json").read_text(encoding="utf-8"))
    texts = set(training["texts"])
    return ModelSignature(
        inputs=Schema(
            [
                ColSpec("string" if name in texts else "double", name, required=False)
                for name in training["features"]
            ]
        ),
        outputs=Schema([ColSpec(kind, name) for name, kind in RETURNED.items()]),
    )
