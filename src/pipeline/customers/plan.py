"""Lay out the cut-offs of a model of customers."""

from datetime import date

from models.definition import Model
from pipeline.cutoffs import Cutoffs, TooLittleHistoryError, plan_cutoffs
from pipeline.grain_store import Grains
from pipeline.planned import Span
from pipeline.project import Project, outcome_window


def plan(project: Project, model: Model, grains: Grains, span: Span, as_of: date) -> Cutoffs | str:
    """Return the cut-offs of a model, or why the data cannot teach it."""
    first = first_day(grains, model, span)
    if first is None:
        return f"{' and '.join(model.label.grain.sources)} without a row that could be an outcome."
    grid, own = project.params.snapshots, project.params.models[model.name]
    try:
        return plan_cutoffs(
            as_of,
            first_day=first,
            step_days=grid.step_days,
            max_training=grid.max_training,
            **outcome_window(model, own)._asdict(),
        )
    except TooLittleHistoryError as error:
        return str(error)


def first_day(grains: Grains, model: Model, span: Span) -> date | None:
    """Return the day from which on outcomes of a model could happen; none without a row.

    A card, say, is launched years after the shop opens: before that day nobody could have it.
    """
    rows = grains.rows(model.label.grain)
    first = rows.aggregate(first=rows.event_on.min()).to_pyarrow()["first"][0].as_py()
    return None if first is None else max(span.first, first)
