"""Lay out the cut-offs of every model, and say which of them the data cannot teach."""

from collections.abc import Mapping
from datetime import date, timedelta

import ibis.expr.types as ir

from models.definition import AnyModel
from pipeline.grain_store import Grains
from pipeline.kinds import kind_of
from pipeline.planned import Planned, Span
from pipeline.project import Project, find_model
from pipeline.short_memory import too_short

#: How many days a cut-off may lie past the newest row: shops close for a holiday, but an
#: outcome window that reaches into days without data would count everybody as a no.
QUIET_DAYS = 7


class CutoffError(ValueError):
    """A scoring cut-off does not fit the data."""


class NothingToLearnError(ValueError):
    """The data can teach none of the models."""


def span_of(events: Mapping[str, ir.Table]) -> Span:
    """Return the first and the last day of the transactions.

    Rows that arrive late do not push the end: they are late.
    """
    sold = events["transactions"]
    row = sold.aggregate(first=sold.event_on.min(), last=sold.event_on.max()).to_pandas()
    return Span(row["first"].iloc[0].date(), row["last"].iloc[0].date())


def scoring_cutoff(asked: date | None, span: Span) -> date:
    """Return the scoring cut-off: as asked for, or the day after the newest row.

    Raises
    ------
    CutoffError
        If it lies outside the data.

    Examples
    --------
    >>> scoring_cutoff(None, Span(date(2024, 1, 1), date(2026, 6, 29))).isoformat()
    '2026-06-30'
    """
    newest = span.last + timedelta(days=1)
    if asked is None:
        return newest
    if asked > newest + timedelta(days=QUIET_DAYS):
        raise CutoffError(
            f"--as-of {asked} lies {(asked - newest).days} days past the data, whose newest row "
            f"is of {span.last}: outcomes up to the cut-off are not known yet. Deliver "
            f"newer data, or use --as-of {newest} or earlier."
        )
    return asked


def plan(project: Project, grains: Grains, span: Span) -> dict[str, Planned | str]:
    """Return the cut-offs of each model of a project, or why the data cannot teach it.

    Raises
    ------
    CutoffError
        If the scoring cut-off lies outside the data.
    NothingToLearnError
        If every model is left out.
    """
    as_of = scoring_cutoff(project.run.as_of, span)
    plans = {
        name: _plan_one(project, find_model(name), grains, span, as_of)
        for name in project.params.models
    }
    reasons = {name: reason for name, reason in plans.items() if isinstance(reason, str)}
    if plans and len(reasons) == len(plans):
        raise NothingToLearnError(
            "no model can be trained. " + " ".join(f"{n}: {why}" for n, why in reasons.items())
        )
    return plans


def _plan_one(
    project: Project, model: AnyModel, grains: Grains, span: Span, as_of: date
) -> Planned | str:
    absent = [name for name in model.label.grain.sources if name not in grains.delivered]
    if absent:
        return f"{' and '.join(absent)} not delivered."
    laid = kind_of(model).plan(
        project, model, grains, span, project.run.laid_from.get(model.name, as_of)
    )
    if isinstance(laid, str):
        return laid + too_short(project.artifacts, project.params)
    return laid._replace(score=as_of)
