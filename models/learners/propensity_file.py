"""A propensity model as files: LightGBM text and one JSON, no pickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from models.learners import calibrators
from models.learners.boosting import Trees
from models.learners.calibrators import Calibrator
from models.learners.encoder import FrameEncoder
from models.learners.frame import FrameError
from models.learners.linear import LinearModel

#: Raised when what is saved changes its shape.
FORMAT = 1
DESCRIPTION = "model.json"


class Parts(NamedTuple):
    """What was learned: encoder, trees, a linear partner and its share, and the calibrator."""

    encoder: FrameEncoder
    trees: Trees
    linear: LinearModel | None
    linear_share: float
    calibrator: Calibrator


def write_model(folder: Path, *, learner: str, parameters: Mapping[str, Any], parts: Parts) -> None:
    """Write the trees as text files, then all else as `model.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [f"trees-{number}.txt" for number in range(len(parts.trees.boosters))]
    for name, booster in zip(files, parts.trees.boosters, strict=True):
        (folder / name).write_text(booster.model_to_string(), encoding="utf-8")
    document = {
        "learner": learner,
        "format": FORMAT,
        "parameters": parameters,
        "encoder": parts.encoder.to_json(),
        "start": parts.trees.start,
        "trees": files,
        "linear": parts.linear.to_json() if parts.linear else None,
        "linear_share": parts.linear_share,
        "calibrator": parts.calibrator.to_json(),
    }
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")


def read_model(folder: Path, *, learner: str) -> tuple[dict[str, Any], Parts]:
    """Return the parameters of a learner and what it learned.

    Raises
    ------
    FrameError
        If the folder was written by another learner or by a later version.
    """
    import lightgbm as lgb

    document = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    if (document["learner"], document["format"]) != (learner, FORMAT):
        raise FrameError(
            f"the folder holds a {document['learner']} of format {document['format']}, but "
            f"a {learner} of format {FORMAT} is needed; train it again"
        )
    boosters = (
        lgb.Booster(model_str=(folder / name).read_text(encoding="utf-8"))
        for name in document["trees"]
    )
    linear = document["linear"]
    parts = Parts(
        encoder=FrameEncoder.from_json(document["encoder"]),
        trees=Trees(tuple(boosters), document["start"]),
        linear=LinearModel.from_json(linear) if linear else None,
        linear_share=document["linear_share"],
        calibrator=calibrators.from_json(document["calibrator"]),
    )
    return document["parameters"], parts
