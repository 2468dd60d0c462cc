"""Write what happened after each cut-off of a model of customers."""

from models.definition import Model
from pipeline.cutoffs import Cutoffs
from pipeline.grain_store import Grains
from pipeline.labels import build_labels
from pipeline.project import Project, outcome_window


def build(
    project: Project, model: Model, grains: Grains, cutoffs: Cutoffs, *, labelled: bool = True
) -> None:
    """Write the labels at each cut-off, if they are wanted; see `pipeline.labels`."""
    if not labelled:
        return
    window = outcome_window(model, project.params.models[model.name])
    build_labels(
        grains.connection,
        grains,
        model,
        cutoffs=cutoffs.labelled,
        artifacts=project.artifacts,
        gap_days=window.gap_days,
        horizon_days=window.horizon_days,
        known_before=cutoffs.score,
    )
