"""Build what models learn from: snapshots of the known past, labels of what followed."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from rich.console import Console

from features.catalogue import catalogue
from features.definition import Coded
from pipeline.cutoffs import Cutoffs
from pipeline.engine import engine, scratch_folder
from pipeline.events import read_events
from pipeline.grain_store import Grains, left_out
from pipeline.labels import build_labels
from pipeline.lift.cutoffs import LiftCutoffs
from pipeline.lift.outcomes import build_outcomes
from pipeline.plan import plan, span_of
from pipeline.profiles import build_profiles
from pipeline.project import (
    Project,
    find_model,
    open_project,
    outcome_window,
    write_cutoffs,
)
from pipeline.snapshot_store import build_snapshots
from pipeline.stage import run_stage

#: What DuckDB may hold before it spills; customers come in blocks that stay far below it.
MEMORY = "4GB"
#: Codings are shared by all models, so that no model's seed may move them.
PROFILE_SEED = 20240401


def build(project: Project) -> None:
    """Write the snapshots and labels of every model of the project, and the cut-offs chosen."""
    artifacts, params = project.artifacts, project.params
    console = Console(stderr=True)
    # One thread: several add up a sum of doubles in another order each time, and the last bit
    # of a feature, with it the id of everything that follows, would differ from run to run.
    with (
        engine(artifacts, threads=1, memory=MEMORY) as connection,
        console.status("snapshots: reading tables") as status,
    ):
        events = read_events(connection, artifacts / "tables", time_zone=params.time_zone)
        grains = Grains(connection, events, scratch=scratch_folder(connection, "grains"))
        plans = plan(project, grains, span_of(events))
        cutoffs = {name: one for name, one in plans.items() if isinstance(one, Cutoffs)}
        offers = {name: one for name, one in plans.items() if isinstance(one, LiftCutoffs)}
        days = {day for own in cutoffs.values() for day in (*own.labelled, own.score)}
        days |= {day for own in offers.values() for day in (*own.labelled, own.score)}
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
                cutoffs={own.score for own in cutoffs.values()},
                artifacts=artifacts,
                data=project.run.fingerprint,
                unit="product",
            )
            build_profiles(
                connection,
                grains,
                cutoffs=sorted(_coded_days(cutoffs)),
                fit_at=min(days),
                artifacts=artifacts,
                seed=PROFILE_SEED,
            )
        for name, own in cutoffs.items():
            status.update(f"{name}: labels")
            model = find_model(name)
            window = outcome_window(model, params.models[name])
            build_labels(
                connection,
                grains,
                model,
                cutoffs=own.labelled,
                artifacts=artifacts,
                gap_days=window.gap_days,
                horizon_days=window.horizon_days,
                known_before=own.score,
            )
        for name, offered in offers.items():
            status.update(f"{name}: what came of assignments")
            build_outcomes(connection, grains, project, name, cutoffs=offered)
            for notice in offered.notices:
                console.print(f"{name}: {notice}", highlight=False)
    write_cutoffs(artifacts, plans)
    console.print(f"snapshots: {len(built.built)} built, {len(built.kept)} kept")


def _coded_days(cutoffs: Mapping[str, Cutoffs]) -> set[date]:
    """Return the cut-offs at which codings are looked at: to score, and where a model learns."""
    days = {own.score for own in cutoffs.values()}
    for name, own in cutoffs.items():
        if any(isinstance(one, Coded) for one in find_model(name).features):
            days |= {*own.labelled}
    return days


if __name__ == "__main__":
    run_stage(lambda: build(open_project(Path())))
