"""Build what models learn from: snapshots of the known past, labels of what followed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from features.catalogue import catalogue
from features.definition import Coded
from pipeline.engine import engine
from pipeline.erase_past import expired_cutoffs
from pipeline.events import read_events
from pipeline.grain_store import Grains, left_out
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.kinds import kind_of
from pipeline.leftovers import discard
from pipeline.plan import plan, span_of
from pipeline.planned import Planned
from pipeline.profiles import build_profiles
from pipeline.project import Project, find_model, open_project, write_cutoffs
from pipeline.short_memory import short_memories
from pipeline.snapshot_store import Built, build_snapshots
from pipeline.stage import run_stage
from pipeline.unkept_grains import UnkeptGrains

#: What DuckDB may hold before it spills; customers come in blocks that stay far below it.
MEMORY = "4GB"
#: Codings are shared by all models, so that no model's seed may move them.
PROFILE_SEED = 20240401


def build(project: Project) -> None:
    """Write the snapshots and labels of every model of the project, and the cut-offs chosen."""
    artifacts = project.artifacts
    console = Console(stderr=True)
    # One thread: several add up a sum of doubles in another order each time, and the last bit
    # of a feature, with it the id of everything that follows, would differ from run to run.
    with (
        engine(artifacts, threads=1, memory=MEMORY) as connection,
        console.status("snapshots: reading tables") as status,
    ):
        events = read_events(connection, artifacts / "tables", time_zone=project.params.time_zone)
        grains = (
            Grains(connection, events, keep=artifacts / KEPT_GRAINS)
            if project.params.snapshots.keep_grains
            else UnkeptGrains(connection, events)
        )
        plans = plan(project, grains, span_of(events))
        laid = {name: one for name, one in plans.items() if not isinstance(one, str)}
        scored_only = project.run.laid_from.keys() & laid.keys()
        fit_at = min(day for own in laid.values() for day in (*own.labelled, own.score))
        days = {own.score for own in laid.values()} | {fit_at}
        days |= {d for name, own in laid.items() if name not in scored_only for d in own.labelled}
        status.update("snapshots: building")
        features = list(catalogue("customer", "time").values())
        notices = short_memories(artifacts, project.params, laid)
        for notice in (*left_out(grains, features), *notices):
            console.print(f"snapshots: {notice}")
        with _builder(project, grains) as build_unit:
            built = build_unit(features=features, cutoffs=days)
            if "products" in grains.delivered:
                status.update("snapshots: products")
                build_unit(
                    features=list(catalogue("product").values()),
                    cutoffs={own.score for own in laid.values()},
                    unit="product",
                )
        if "products" in grains.delivered:
            status.update("snapshots: profiles")
            build_profiles(
                connection,
                grains,
                cutoffs=sorted(_coded_days(laid) & days),
                fit_at=fit_at,
                artifacts=artifacts,
                seed=PROFILE_SEED,
            )
        for name, own in laid.items():
            status.update(f"{name}: what happened after each cut-off")
            model = find_model(name)
            kind_of(model).build(project, model, grains, own, labelled=name not in scored_only)
        if grains.kept is not None:
            grains.kept.forget_others()
    _let_go(project)
    write_cutoffs(artifacts, plans)
    console.print(f"snapshots: {len(built.built)} built, {len(built.kept)} kept")


def _let_go(project: Project) -> None:
    """Remove what was built at cut-offs before which no receipt is kept any more."""
    since, artifacts = project.run.kept_since.get("transactions"), project.artifacts
    if since is not None:
        folders = (d for name in ("snapshots", "labels") for d in (artifacts / name).glob("*/*"))
        for folder in expired_cutoffs(folders, since):
            discard(folder)


@contextmanager
def _builder(project: Project, grains: Grains) -> Iterator[Callable[..., Built]]:
    """Yield what builds the snapshots of a unit, by the engine that the project asks for."""
    given: dict[str, Any] = {"artifacts": project.artifacts, "data": project.run.fingerprint}
    if project.params.snapshots.engine == "duckdb":
        yield partial(build_snapshots, grains.connection, grains, **given)
        return
    # Imported here: Spark is an extra that few have.
    from pipeline.spark.seen import SparkGrains, read_events
    from pipeline.spark.session import spark
    from pipeline.spark.snapshots import build_on_spark

    with spark(project.artifacts) as opened:
        tables = project.artifacts / "tables"
        events = read_events(opened.ibis, tables, time_zone=project.params.time_zone)
        yield partial(build_on_spark, opened, SparkGrains(events, keep=opened.kept), **given)


def _coded_days(cutoffs: Mapping[str, Planned]) -> set[date]:
    """Return the cut-offs at which codings are looked at: to score, and where a model learns."""
    days = {own.score for own in cutoffs.values()}
    for name, own in cutoffs.items():
        if any(isinstance(one, Coded) for one in find_model(name).features):
            days |= {*own.labelled}
    return days


if __name__ == "__main__":
    run_stage(lambda: build(open_project(Path())))
