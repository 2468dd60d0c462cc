"""What a registered model of offers takes and returns."""

from pathlib import Path
from typing import Any

from pipeline.lift.training import read_training

#: The one table that it returns.
RETURNED = {
    "row": "long",
    "arm": "string",
    "effect": "double",
    "low": "double",
    "high": "double",
    "rank": "long",
    "model": "string",
    "tested_as_of": "string",
}


def lift_signature(trained: Path) -> Any:
    """Declare every feature as a number or a text that may be missing, and the table returned."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    training = read_training(trained)
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
