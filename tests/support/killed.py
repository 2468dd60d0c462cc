"""Runs of a project in processes of their own, that end where a test wants them to."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from pipeline.release import read_release
from pipeline.run import make_project
from pipeline.score_set import parts, read_score_set, verify_score_set
from pipeline.versions import versions

KILLABLE = Path(__file__).with_name("killable")
MODEL = "customer_activity"

#: A run of seconds: one training snapshot, a month's horizon, and a gate that lets refreshes by.
SMALL = (
    "models.customer_activity.horizon_days=30",
    "snapshots.max_training=1",
    "gate.draws=100",
    "gate.refresh_margin=1",
    "gate.refresh_margin_outcomes=1",
)


@dataclass(frozen=True)
class Runner:
    """Starts `shortlist run`, or another verb that takes data, on a project.

    Attributes
    ----------
    project, data : Path
        Where the project lies, and the tables.
    verb : str
        What is started.
    """

    project: Path
    data: Path
    verb: str = "run"

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """Start a run as the leader of a process group of its own."""
        settings = [part for setting in SMALL for part in ("--set", setting)]
        command = [sys.executable, "-m", "shortlist", "--project", str(self.project), self.verb]
        path = os.pathsep.join([str(KILLABLE), *filter(None, [os.environ.get("PYTHONPATH")])])
        return subprocess.Popen(
            [*command, "--data", str(self.data), *settings],
            env={**os.environ, "PYTHONPATH": path, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def complete(self, *, code: int = 0) -> str:
        """Run to the end; return what was said."""
        process = self.start()
        said, _ = process.communicate(timeout=600)
        assert process.returncode == code, said
        return said

    def kill_at(self, moment: str) -> None:
        """Run until the moment comes, at which the run and all its stages are killed."""
        process = self.start(SHORTLIST_KILL_AT=moment)
        said, _ = process.communicate(timeout=600)
        assert process.returncode == -9, f"never came to {moment}:\n{said}"


def one_model(project: Path) -> None:
    """Make a project of one model, so that a run is a matter of seconds."""
    make_project(project)
    path = project / "params.yaml"
    params = yaml.safe_load(path.read_text())
    params["models"] = {MODEL: params["models"][MODEL]}
    path.write_text(yaml.safe_dump(params))


@contextmanager
def watched(artifacts: Path) -> Iterator[set[str]]:
    """Read what is live, over and over, as a service would; yield the score sets met.

    Raises at the end what any reading raised.
    """
    met: set[str] = set()
    errors: list[Exception] = []
    done = threading.Event()

    def read() -> None:
        while not done.wait(0.05):
            try:
                entry = read_release(artifacts).live(MODEL)
                live = read_score_set(artifacts, MODEL, entry.score_set)
                verify_score_set(artifacts, live)
                assert live.version == entry.version
            except Exception as error:  # noqa: BLE001 - raised below, in the test's own thread
                errors.append(error)
                return
            met.add(live.id)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield met
    finally:
        done.set()
        reader.join()
        for error in errors:
            raise error


def outcome(project: Path) -> dict[str, Any]:
    """Return all that a run leads to, apart from times and the ids that MLflow draws."""
    artifacts = project / "artifacts"
    release = read_release(artifacts).model_dump(mode="json")
    live = read_score_set(artifacts, MODEL, release["models"][MODEL]["score_set"])
    with closing(sqlite3.connect(artifacts / "mlflow.db")) as registry:
        registered = registry.execute("SELECT name, version FROM model_versions").fetchall()
        aliases = registry.execute("SELECT name, alias, version FROM registered_model_aliases")
        named = aliases.fetchall()
        query = "SELECT count(*) FROM runs WHERE status = 'RUNNING'"
        (unfinished,) = registry.execute(query).fetchone()
    return {
        "release": json.loads(json.dumps(release), object_hook=_without_times),
        "score_set": live.model_dump(exclude={"created_at"}),
        "scores": [pq.read_table(path).to_pydict() for path in parts(artifacts, live)],
        "versions": [one.model_dump(exclude={"run_id"}) for one in versions(artifacts, MODEL)],
        "registered": sorted(registered),
        "aliases": named,
        "unfinished runs": unfinished,
    }


def restore(project: Path, saved: Path) -> None:
    """Put a saved project back to where it was: MLflow remembers absolute paths."""
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(saved, project, symlinks=True)


def _without_times(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "released_at"}
