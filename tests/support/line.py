"""The line up to the leak alarms in this process, on simulated members."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline import ingest, snapshot, validate
from pipeline.alarms import Alarm
from pipeline.customers.leaks import check_leaks
from pipeline.engine import engine
from pipeline.examples import read_examples
from pipeline.project import Project, find_model, open_project, read_cutoffs
from pipeline.run import make_project, settle
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate

#: What suits a year of a few hundred members.
SMALL: dict[str, Any] = {
    "models.customer_activity.horizon_days": 30,
    "models.card_uptake.horizon_days": 30,
    "snapshots.max_training": 2,
}


def lined_up(
    folder: Path,
    *,
    seed: int,
    members: int = 500,
    months: int = 12,
    overrides: dict[str, Any] = SMALL,
    leak: bool = False,
) -> Project:
    """Return a project with snapshots and labels of simulated members, not trained yet."""
    data = folder / "data"
    simulate(PRESETS["retail"], members=members, months=months, seed=seed, to=data, leak=leak)
    make_project(folder)
    project = settled(folder, overrides=overrides)
    ingest.main(folder)
    validate.main(folder)
    snapshot.build(project)
    return project


def settled(folder: Path, *, overrides: dict[str, Any] = SMALL) -> Project:
    """Note a run on the data of a project, without running any stage."""
    settle(
        folder,
        data=str(folder / "data"),
        as_of=None,
        overrides=overrides,
        clock=lambda: datetime.now(UTC),
    )
    return open_project(folder)


def alarms_of(project: Project, name: str) -> dict[str, Alarm]:
    """Return what each leak alarm says of a model's newest training, by its name."""
    model, days = find_model(name), read_cutoffs(project.artifacts, name)
    with engine(project.artifacts) as connection:
        test = read_examples(connection, project.artifacts, model, [days.test])
        found = check_leaks(project, model, connection=connection, test=test)
    return {alarm.name: alarm for alarm in found}
