"""One look at one subject: what monitoring found of a version at a cut-off, kept for good."""

import json
from datetime import date
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict

from pipeline.durable import write_json
from pipeline.monitor.alarms import MonitoringAlarm
from pipeline.monitor.drift import Drift
from pipeline.monitor.keep import monitoring_folder
from pipeline.monitor.moved import Moved
from pipeline.monitor.realised import Realised
from pipeline.monitor.turnover import Turnover

#: The subject that is no model: all customers, with every column that is built.
EVERYBODY = "customers"


class Record(BaseModel):
    """What was found.

    Attributes
    ----------
    subject : str
        A model, or `customers`: all columns of the newest snapshot.
    version : str
        The live version; `-` for `customers`.
    as_of : date
        Cut-off of the scores that are live.
    score_set : str, optional
        Those scores.
    made_from : str
        Digest of all that went in: the same inputs are looked at once.
    drift : Drift, optional
        Columns.
    scores : Moved, optional
        Scores; none where there is nothing to compare with.
    realised : Realised, optional
        What came true of the newest score set whose outcome window has closed.
    turnover : Turnover, optional
        Against the score set before.
    alarms : list of MonitoringAlarm
        What rings.
    notes : list of str
        What does not apply, and why.
    """

    model_config = ConfigDict(frozen=True)

    subject: str
    version: str
    as_of: date
    score_set: str | None = None
    made_from: str
    made_at: AwareDatetime
    drift: Drift | None = None
    scores: Moved | None = None
    realised: Realised | None = None
    turnover: Turnover | None = None
    alarms: list[MonitoringAlarm] = []
    notes: list[str] = []

    def rang(self) -> frozenset[str]:
        """Return the columns that rang."""
        return frozenset(one.subject for one in self.alarms if one.kind == "drift")


def record_path(artifacts: Path, subject: str, as_of: date, version: str) -> Path:
    """Return where the record of a subject, a cut-off and a version lies."""
    name = f"as_of={as_of.isoformat()}-v{version}.json"
    return monitoring_folder(artifacts, subject) / "records" / name


def read_record(artifacts: Path, subject: str, as_of: date, version: str) -> Record | None:
    """Return a record; none if there is none."""
    path = record_path(artifacts, subject, as_of, version)
    if not path.exists():
        return None
    return Record.model_validate(json.loads(path.read_text(encoding="utf-8")))


def write_record(artifacts: Path, record: Record) -> None:
    """Keep a record, whole or not at all; the same subject, cut-off and version replaces it."""
    path = record_path(artifacts, record.subject, record.as_of, record.version)
    write_json(path, record.model_dump(mode="json"))


def history(artifacts: Path, subject: str) -> list[Record]:
    """Return the records of a subject in time order; of one cut-off, the last that was made."""
    found: dict[date, Record] = {}
    for path in (monitoring_folder(artifacts, subject) / "records").glob("as_of=*.json"):
        one = Record.model_validate(json.loads(path.read_text(encoding="utf-8")))
        known = found.get(one.as_of)
        if known is None or known.made_at < one.made_at:
            found[one.as_of] = one
    return [found[day] for day in sorted(found)]


def subjects(artifacts: Path) -> list[str]:
    """Return what was ever watched, `customers` first."""
    found = {path.parent.name for path in monitoring_folder(artifacts).glob("*/records")}
    return sorted(found, key=lambda name: (name != EVERYBODY, name))


def with_since(alarms: list[MonitoringAlarm], before: Record | None) -> list[MonitoringAlarm]:
    """Say of each alarm since when it rings, if the record before rang the same."""
    known = {(one.kind, _about(one)): one.since for one in before.alarms} if before else {}
    return [
        one.model_copy(update={"since": known.get((one.kind, _about(one)), one.since)})
        for one in alarms
    ]


def _about(alarm: MonitoringAlarm) -> str:
    """Return what an alarm is about: a column by its name, a score set by which side it is off."""
    return alarm.subject if alarm.kind == "drift" else f"{alarm.found > 1}"
