"""What a registered model of customers takes and returns."""

import json
from pathlib import Path
from typing import Any


def customer_signature(trained: Path) -> Any:
    """Declare every feature as a number that may be missing, and the one table that is returned."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    names = json.loads((trained / "training.json").read_text(encoding="utf-8"))["features"]
    returned = {
        "probability": "double",
        "rank": "long",
        "model": "string",
        "tested_as_of": "string",
    }
    return ModelSignature(
        inputs=Schema([ColSpec("double", name, required=False) for name in names]),
        outputs=Schema([ColSpec(kind, name) for name, kind in returned.items()]),
    )
