"""The page of a model of dates: one file that needs nothing else, not even a network."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from models.definition import TimingModel
from pipeline.evaluation import Evaluation
from pipeline.lift.report.page import figure, page_style
from pipeline.project import OutcomeWindow

#: Names of the plain forecasts.
RIVALS = {"median_gap": "median gap of the category", "poisson_gamma": "Buy It Again"}


def as_html(
    model: TimingModel,
    evaluation: Evaluation,
    tables: Mapping[str, list[dict[str, Any]]],
    training: Mapping[str, Any],
    window: OutcomeWindow,
) -> str:
    """Return the report as one page."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"figure": figure, "count": lambda value: f"{value:,.0f}"}
    template = files("pipeline.timing").joinpath("page.html.j2").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        model=model,
        evaluation=evaluation,
        tables=tables,
        training=training,
        window=window,
        style=page_style(),
        rivals={name: RIVALS.get(name, name) for name in evaluation.baselines},
    )
