"""What one `shortlist retrain` did and why: `artifacts/retrains/ID/record.json`, whole or not."""

import json
from datetime import date, datetime
from json import JSONDecodeError
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from pipeline.durable import whole_folder, write_json
from pipeline.exit_codes import ExitCode
from pipeline.release import Release

RETRAINS = "retrains"
_RECORD, _UNDER_WAY = "record.json", "under_way.json"

Did = Literal["trained", "rescored", "nothing", "left out"]


class ModelRecord(BaseModel):
    """What became of one model.

    Attributes
    ----------
    due, why : str
        Whether a training was due, and the reason.
    missed : int
        Trainings that had fallen out, and that this one made up for.
    did : str
        `trained`, `rescored`, `nothing` or `left out`.
    trained_version : str, optional
        The version that the training is registered as.
    live, score_set : str, optional
        What is live now.
    passed : bool, optional
        What the gate said of the training.
    refusals : tuple of str
        What it required and did not find.
    """

    model_config = ConfigDict(frozen=True)

    due: bool
    why: str
    missed: int = 0
    did: Did = "nothing"
    trained_version: str | None = None
    live: str | None = None
    score_set: str | None = None
    passed: bool | None = None
    refusals: tuple[str, ...] = ()


class Record(BaseModel):
    """One run of `shortlist retrain`.

    Attributes
    ----------
    id : str
        When it started; names its folder.
    started, ended : datetime
        In UTC.
    exit_code : int
        See `pipeline.exit_codes`.
    said : str
        What it came to, in a sentence.
    resumed : tuple of str
        Runs that were killed before, and that this one completed.
    data, fingerprint, inputs : str
        Where the tables were, their digest, and that of all that the run follows from.
    as_of : date, optional
        Scoring cut-off; none where the data were refused.
    code, git_commit : str
        Digest of our own code, and the commit of the project's folder.
    models : dict
        What became of each.
    findings, alarms : tuple of str
        Where the data differ from those of the last run; what monitoring raised.
    accepted : str, optional
        Why data were taken in that differ beyond the declared limits.
    live : dict
        Score set that is live, by model.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    started: AwareDatetime
    ended: AwareDatetime
    exit_code: ExitCode
    said: str
    resumed: tuple[str, ...] = ()
    data: str
    fingerprint: str
    inputs: str
    as_of: date | None = None
    code: str = ""
    git_commit: str = "none"
    models: dict[str, ModelRecord] = {}
    findings: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    accepted: str | None = None
    live: dict[str, str] = {}


class UnderWay(BaseModel):
    """A run that has begun; found at the start of the next where it was killed.

    Attributes
    ----------
    id : str
        Of the run.
    resumed : tuple of str
        Killed runs that it had found itself.
    live : dict
        What was live before the first of them.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    resumed: tuple[str, ...] = ()
    live: dict[str, str] = {}


def record_folder(artifacts: Path, name: str) -> Path:
    """Return where the record of a run lies."""
    return artifacts / RETRAINS / name


def live_sets(release: Release) -> dict[str, str]:
    """Return the score set that is live, by model."""
    return {name: live.score_set for name, live in release.models.items()}


def begin(artifacts: Path, release: Release, *, at: datetime) -> tuple[UnderWay, Record | None]:
    """Note that a run begins, and which killed ones it takes up.

    Returns it, and the record of a run that was killed once that was written: it has done all
    but tell.
    """
    killed = _read_under_way(artifacts)
    untold = read_record(artifacts, killed.id) if killed else None
    if untold is not None:
        killed = None
    begun = UnderWay(
        id=_id(at, artifacts),
        resumed=(*killed.resumed, killed.id) if killed else (),
        live=killed.live if killed else live_sets(release),
    )
    write_json(artifacts / RETRAINS / _UNDER_WAY, begun.model_dump(mode="json"))
    return begun, untold


def keep(artifacts: Path, record: Record, **beside: Any) -> Path:
    """Write a record, and documents beside it by the names of their files; return its folder."""
    folder = record_folder(artifacts, record.id)
    with whole_folder(folder) as draft:
        for name, document in beside.items():
            write_json(draft / f"{name}.json", document)
        write_json(draft / _RECORD, record.model_dump(mode="json"))
    return folder


def end(artifacts: Path) -> None:
    """Note that the run under way has ended: its record is kept, and whoever is to know told."""
    (artifacts / RETRAINS / _UNDER_WAY).unlink(missing_ok=True)


def read_record(artifacts: Path, name: str) -> Record | None:
    """Return the record of a run; none where it never came to its end."""
    try:
        text = (record_folder(artifacts, name) / _RECORD).read_bytes()
    except OSError:
        return None
    return Record.model_validate_json(text)


def records(artifacts: Path) -> list[Record]:
    """Return all records, oldest first."""
    names = sorted(path.parent.name for path in (artifacts / RETRAINS).glob(f"[!.]*/{_RECORD}"))
    return [one for name in names if (one := read_record(artifacts, name)) is not None]


def _read_under_way(artifacts: Path) -> UnderWay | None:
    try:
        text = (artifacts / RETRAINS / _UNDER_WAY).read_text(encoding="utf-8")
        return UnderWay.model_validate(json.loads(text))
    except (OSError, JSONDecodeError):
        return None


def _id(at: datetime, artifacts: Path) -> str:
    """Return a name that sorts by time; two runs of one second get different ones."""
    name = at.strftime("%Y-%m-%dT%H-%M-%SZ")
    number, taken = 1, name
    while record_folder(artifacts, taken).exists():
        number += 1
        taken = f"{name}-{number}"
    return taken
