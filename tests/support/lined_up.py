"""A project with snapshots and labels of simulated members, not trained yet."""

from datetime import UTC, datetime

from pipeline import ingest, snapshot, validate
from pipeline.project import open_project
from pipeline.run import make_project, settle
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate

MODEL = "customer_activity"
SMALL = {
    "models.customer_activity.horizon_days": 30,
    "models.card_uptake.horizon_days": 30,
    "snapshots.max_training": 2,
}


def settled(folder):
    """Note a run of the project's data, without running any stage."""
    settle(
        folder,
        data=str(folder / "data"),
        as_of=None,
        overrides=SMALL,
        clock=lambda: datetime.now(UTC),
    )
    return open_project(folder)


def lined_up(folder, *, seed, leak=False):
    """Return a project of 500 members over a year, ready to be trained."""
    simulate(PRESETS["retail"], members=500, months=12, seed=seed, to=folder / "data", leak=leak)
    make_project(folder)
    settled(folder)
    ingest.main(folder)
    validate.main(folder)
    project = open_project(folder)
    snapshot.build(project)
    return project
