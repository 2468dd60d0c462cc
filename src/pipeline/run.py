"""Everything from tables to a released score set, doing only what is not done yet."""

import contextlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml
from rich.console import Console

from pipeline.aliases import mirror
from pipeline.alone import RUN_LOCK, STAGE_LOCK, BusyError
from pipeline.arrivals.profile import keep_profile, profile
from pipeline.durable import whole_file
from pipeline.dvc_state import mend
from pipeline.erase_past import erase_past_rows
from pipeline.exit_codes import ExitCode
from pipeline.fingerprint import code_digest
from pipeline.forgotten import read_forgotten
from pipeline.kept_since import kept_in, kept_rows
from pipeline.left_out import LeftOutError, untaught_reason
from pipeline.leftovers import discard, spills, stage_drafts
from pipeline.live_tables import accept_tables
from pipeline.lock import LockedError, exclusive
from pipeline.overridden import train_overridden
from pipeline.params import ParamsError, Run, read_params, read_run, require_sections
from pipeline.project import Project, find_model, open_project
from pipeline.publish import Published, publish
from pipeline.quality import read_quality
from pipeline.registry import register
from pipeline.sources.about import describe
from pipeline.sources.fingerprint import fingerprint
from pipeline.stage import FAILURE
from pipeline.tuning import tuned_parameters
from pipeline.versions import Version

#: How long a run waits for a stage that outlived an earlier run, in seconds.
_STAGE_WAIT_S = 3600

#: What a project folder needs before its first run; they are copied where they are missing.
TEMPLATES = ("params.yaml", "dvc.yaml")
_DVC_FILES = {
    "config": "[core]\n    analytics = false\n    no_scm = true\n",
    ".gitignore": "/config.local\n/tmp\n/cache\n",  # the cache holds what names persons
}


class StageError(ValueError):
    """A stage refused its input; the message is the stage's own."""

    def __init__(self, message: str, *, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def run(
    folder: Path,
    *,
    clock: Callable[[], datetime],
    data: str | None = None,
    as_of: date | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, Published]:
    """Bring a project up to date with its data; return what became of each model.

    Models that the data cannot teach are left out, and it is said why.

    Parameters
    ----------
    folder : Path
        The project. Where it holds no `params.yaml` or `dvc.yaml`, the standard ones are put.
    clock : callable
        Tells the time, with its zone.
    data : str, optional
        Where the tables are; the place of the last run if left out.
    as_of : date, optional
        Scoring cut-off; the day after the newest row if left out.
    overrides : mapping, optional
        Values above `params.yaml` for this run, by dotted name.

    Raises
    ------
    BusyError
        If another run of this project is under way.
    StageError
        If a stage refuses its input.
    SparkMissingError
        If Spark is to compute, and it or Java is not installed.
    """
    with _brought_up_to_date(
        folder, clock=clock, data=data, as_of=as_of, overrides=overrides or {}
    ) as project:
        accept(project)
        published = {name: publish(project, name, clock=clock) for name in _taught(project)}
        mirror(project.artifacts)
        return published


def train(
    folder: Path,
    name: str,
    *,
    clock: Callable[[], datetime],
    data: str | None = None,
    as_of: date | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Version:
    """Train, evaluate and register one model, without asking the gate or releasing anything.

    Arguments and errors are those of `run`.

    Raises
    ------
    LeftOutError
        If the data cannot teach the model.
    """
    model = find_model(name)
    with _brought_up_to_date(
        folder,
        clock=clock,
        data=data,
        as_of=as_of,
        overrides=overrides or {},
        target=f"evaluate@{name}",
    ) as project:
        if reason := untaught_reason(project.artifacts, name):
            raise LeftOutError(f"{name} is left out: {reason}")
        return register(project, model)


def accept(project: Project) -> None:
    """Let lists be drawn from the tables of this run, and hold the next data against them."""
    accept_tables(project.artifacts)
    found = profile(
        project.artifacts / "tables",
        time_zone=project.params.time_zone,
        quality=read_quality(project.artifacts / "quality"),
        since=None,
    )
    keep_profile(project.artifacts, found)


@contextlib.contextmanager
def _brought_up_to_date(
    folder: Path,
    *,
    clock: Callable[[], datetime],
    data: str | None,
    as_of: date | None,
    overrides: Mapping[str, Any],
    target: str | None = None,
) -> Iterator[Project]:
    """Run the stages that are out of date, and keep other runs out until the caller is done."""
    folder = folder.resolve()
    make_project(folder)
    with sole_run(folder):
        settle(folder, data=data, as_of=as_of, overrides=overrides, clock=clock)
        require_sections(folder)
        let_go(folder)
        reproduce(folder, *filter(None, [target]))
        project = open_project(folder)
        if target is None:
            train_overridden(project)
        yield project


@contextlib.contextmanager
def sole_run(folder: Path) -> Iterator[None]:
    """Keep other runs of a project out, and clear away what a killed one left.

    Raises
    ------
    BusyError
        If another run is under way.
    """
    try:
        with exclusive(folder / "artifacts" / RUN_LOCK, timeout_s=0):
            recover(folder)
            yield
    except LockedError as error:
        raise BusyError(
            "another run of this project is under way. Let it finish; this one has done nothing."
        ) from error


def let_go(folder: Path) -> None:
    """Remove the rows that are too old for the run that was settled; say how many."""
    project = open_project(folder)
    kept = kept_in(project.params, project.run)
    gone = erase_past_rows(folder, kept, only_if_moved=True)
    if gone:
        Console(stderr=True, highlight=False).print(
            "older than `retention.tables` keeps them: removed "
            + ", ".join(f"{rows:,} rows of {store}" for store, rows in sorted(gone.items()))
        )


def _taught(project: Project) -> Iterator[str]:
    """Yield the models that were trained; say of the others why they were not."""
    for name in project.params.models:
        if reason := untaught_reason(project.artifacts, name):
            Console(stderr=True, highlight=False).print(f"{name} is left out: {reason}")
        else:
            yield name


def recover(folder: Path) -> None:
    """Clear away what a killed run left in our way; say so.

    A stage outlives its run where only the run was killed; it is waited for.

    Raises
    ------
    BusyError
        If such a stage does not end.
    """
    console = Console(stderr=True, highlight=False)
    stage_lock = folder / "artifacts" / STAGE_LOCK
    try:
        with exclusive(stage_lock, timeout_s=0):
            pass
    except LockedError:
        console.print("a stage of a run that was killed is still at work; waiting for its end")
    try:
        with exclusive(stage_lock, timeout_s=_STAGE_WAIT_S):
            for one in mend(folder):
                console.print(f"{one.path.name} {one.found}: removed")
            for draft in (*stage_drafts(folder / "artifacts"), *spills(folder / "artifacts")):
                discard(draft)
                console.print(f"{draft.name} was left unfinished by a killed run: removed")
    except LockedError as error:
        raise BusyError(
            f"a stage of a run that was killed has been at work for {_STAGE_WAIT_S / 60:.0f} "
            "minutes more. Let it finish, or end it; this run has done nothing."
        ) from error


def make_project(folder: Path) -> list[str]:
    """Put the standard `params.yaml` and `dvc.yaml` where they are missing; return their names."""
    missing = [name for name in TEMPLATES if not (folder / name).exists()]
    for name in missing:
        with whole_file(folder / name) as draft:
            shutil.copyfile(_template(name), draft)
    for name, text in _DVC_FILES.items():
        if not (folder / ".dvc" / name).exists():
            with whole_file(folder / ".dvc" / name) as draft:
                draft.write_text(text, encoding="utf-8")
    return missing


def settle(
    folder: Path,
    *,
    data: str | None,
    as_of: date | None,
    overrides: Mapping[str, Any],
    clock: Callable[[], datetime],
    laid_from: Mapping[str, date] | None = None,
) -> Run:
    """Write what this run was asked for into `artifacts/run.yaml`, if it is anything new.

    See `ask`. What is asked for again keeps the moment at which it was first asked for.
    """
    before = last_run(folder)
    asked = ask(
        folder, data=data, as_of=as_of, overrides=overrides, clock=clock, laid_from=laid_from
    )
    if before is not None and asked == before.model_copy(
        update={"requested_at": asked.requested_at}
    ):
        return before
    with whole_file(folder / "artifacts" / "run.yaml") as draft:
        draft.write_text(
            yaml.safe_dump(asked.model_dump(mode="json"), sort_keys=False), encoding="utf-8"
        )
    return asked


def ask(
    folder: Path,
    *,
    data: str | None,
    as_of: date | None,
    overrides: Mapping[str, Any],
    clock: Callable[[], datetime],
    laid_from: Mapping[str, date] | None = None,
) -> Run:
    """Return what a run is asked for, its data digested, without writing it anywhere.

    What the data say of themselves (their time zone and currency, in `about.yaml`) stands
    above `params.yaml`; what the caller says stands above both.
    """
    location = data if data is not None else read_run(folder).data
    location = _without_secret(location) if "://" in location else str(Path(location).resolve())
    overrides, at = {**describe(location), **overrides}, clock()
    params = read_params(folder, overrides=overrides)
    kept = kept_rows(params, at=at)
    found = read_forgotten(folder / "artifacts").stamped(fingerprint(location))
    asked = Run(
        data=location,
        fingerprint=kept.stamped(found),
        as_of=as_of,
        code=code_digest("features", "models", "pipeline"),
        overrides=overrides,
        tuned=tuned_parameters(folder / "artifacts"),
        laid_from=dict(laid_from or {}),
        kept_since=dict(kept.since),
        requested_at=at,
    )
    if params.snapshots.engine == "spark":
        from pipeline.spark.session import require_spark

        require_spark()
    return asked


def _without_secret(url: str) -> str:
    """Hand a password to PostgreSQL's own variable, so that no file ever holds it."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    os.environ["PGPASSWORD"] = unquote(parts.password)
    return url.replace(f":{parts.password}@", "@", 1)


def last_run(folder: Path) -> Run | None:
    """Return what the last run was asked for; none before the first."""
    try:
        return read_run(folder)
    except ParamsError:
        return None


def reproduce(folder: Path, *targets: str) -> None:
    """Run the DVC stages that are out of date: all, or some and those that they rest on.

    Raises
    ------
    StageError
        If a stage refuses its input.
    """
    from dvc.exceptions import ReproductionError
    from dvc.repo import Repo

    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    failure = folder / "artifacts" / FAILURE
    failure.unlink(missing_ok=True)
    with contextlib.redirect_stdout(sys.stderr), _our_python(), contextlib.chdir(folder):
        try:
            Repo().reproduce(list(targets) or None)
        except ReproductionError as error:
            if not failure.exists():
                raise
            left = json.loads(failure.read_text(encoding="utf-8"))
            raise _refused(left["message"], left["exit_code"]) from error


def _refused(message: str, code: int) -> StageError:
    """Return the error of a stage, or of a source: refused data have a code of their own here."""
    refused = ExitCode.DATA_REFUSED if code == ExitCode.UNUSABLE else code
    return StageError(message, exit_code=refused)


@contextlib.contextmanager
def _our_python() -> Any:
    """Let `python` in a stage's command be the one that runs us."""
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _template(name: str) -> Path:
    """Return the standard file: beside the packages in a checkout, inside them once installed."""
    package = Path(str(files("pipeline")))
    for place in (package / "template" / name, package.parents[1] / name):
        if place.exists():
            return place
    raise ParamsError(f"the installation lacks its own {name}. Install shortlist again.")
