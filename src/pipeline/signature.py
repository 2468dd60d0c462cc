"""What registered models take and return, as MLflow writes it down."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def signature_of(trained: Path, returned: Mapping[str, str]) -> Any:
    """Declare every feature as a number or a text that may be missing, and the table returned.

    Parameters
    ----------
    trained : Path
        Folder of the training; `training.json` names its features, and which are texts.
    returned : mapping of str to str
        MLflow's type of each column of the table, by name.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    training = json.loads((trained / "training.json").read_text(encoding="utf-8"))
    texts = set(training.get("texts", ()))
    return ModelSignature(
        inputs=Schema(
            [
                ColSpec("string" if name in texts else "double", name, required=False)
                for name in training["features"]
            ]
        ),
        outputs=Schema([ColSpec(kind, name) for name, kind in returned.items()]),
    )
