"""Build what models learn from: snapshots of the known past, labels of what followed."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import ibis.expr.types as ir
from rich.console import Console

from features.catalogue import catalogue
from pipeline.cutoffs import Cutoffs, plan_cutoffs
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.labels import build_labels
from pipeline.lift.cutoffs import LiftCutoffs, plan_lift
from pipeline.lift.outcomes import build_outcomes
from pipeline.profiles import build_profiles
from pipeline.project import (
    Project,
    find_lift,
    find_model,
    open_project,
    outcome_window,
    write_cutoffs,
)
from pipeline.snapshot_store import build_snapshots
from pipeline.snapshot_table import Grains, left_out
from pipeline.stage import run_stage

#: How many days a cut-off may lie past the newest row: shops close for a holiday, but an
#: outcome window that reaches into days without data would count everybody as a no.
QUIET_DAYS = 7


#: Codings are shared by all models, so that no model's seed may move them.
PROFILE_SEED = 20240401


class CutoffError(ValueError):
    """A scoring cut-off does not fit the data."""


class Span(NamedTuple):
    """First and last day on which anything was sold."""

    first: date
    last: date


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


def build(project: Project) -> None:
    """Write the snapshots and labels of every model of the project, and the cut-offs chosen."""
    artifacts, params = project.artifacts, project.params
    console = Console(stderr=True)
    # One thread: several add up a sum of doubles in another order each time, and the last bit
    # of a feature, with it the id of everything that follows, would differ from run to run.
    with (
        engine(artifacts, threads=1) as connection,
        console.status("snapshots: reading tables") as status,
    ):
        events = read_events(connection, artifacts / "tables", time_zone=params.time_zone)
        grains = Grains(connection, events)
        cutoffs = _plan(project, span_of(events))
        offers = _plan_offers(project, events)
        days = {day for plan in cutoffs.values() for day in (*plan.labelled, plan.score)}
        days |= {day for plan in offers.values() for day in (*plan.labelled, plan.score)}
        status.update("snapshots: building")
        features = list(catalogue("customer", "time").values())
        for notice in left_out(grains, features):
            console.print(f"snapshots: {notice}")
        built = build_snapshots(
            connection,
            grains,
            features=features,
            cutoffs=days,
            artifacts=artifacts,
            data=project.run.fingerprint,
        )
        status.update("snapshots: products and profiles")
        if "products" in grains.delivered:
            build_snapshots(
                connection,
                grains,
                features=list(catalogue("product").values()),
                cutoffs={plan.score for plan in cutoffs.values()},
                artifacts=artifacts,
                data=project.run.fingerprint,
                unit="product",
            )
            build_profiles(
                connection,
                grains,
                cutoffs=sorted(days),
                fit_at=min(days),
                artifacts=artifacts,
                seed=PROFILE_SEED,
            )
        for name, plan in cutoffs.items():
            status.update(f"{name}: labels")
            model = find_model(name)
            window = outcome_window(model, params.models[name])
            build_labels(
                connection,
                grains,
                model,
                cutoffs=plan.labelled,
                artifacts=artifacts,
                gap_days=window.gap_days,
                horizon_days=window.horizon_days,
                known_before=plan.score,
            )
        for name, offered in offers.items():
            status.update(f"{name}: what came of assignments")
            build_outcomes(connection, grains, project, name, cutoffs=offered)
            for notice in offered.notices:
                console.print(f"{name}: {notice}")
    write_cutoffs(artifacts, {**cutoffs, **offers})
    console.print(f"snapshots: {len(built.built)} built, {len(built.kept)} kept")


def _plan(project: Project, span: Span) -> dict[str, Cutoffs]:
    as_of = scoring_cutoff(project.run.as_of, span)
    grid = project.params.snapshots
    return {
        name: plan_cutoffs(
            as_of,
            first_day=span.first,
            step_days=grid.step_days,
            max_training=grid.max_training,
            **outcome_window(find_model(name), own)._asdict(),
        )
        for name, own in project.params.models.items()
        if find_lift(name) is None
    }


def _plan_offers(project: Project, events: Mapping[str, ir.Table]) -> dict[str, LiftCutoffs]:
    as_of = scoring_cutoff(project.run.as_of, span_of(events))
    return {
        name: plan_lift(
            events,
            as_of=as_of,
            window=outcome_window(model, own),
            time_zone=project.params.time_zone,
            most=project.params.snapshots.max_training,
        )
        for name, own in project.params.models.items()
        if (model := find_lift(name)) is not None
    }


if __name__ == "__main__":
    run_stage(lambda: build(open_project(Path())))
