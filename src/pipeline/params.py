"""What an experiment may change: `params.yaml`, and what a run adds in `artifacts/run.yaml`."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from features.tables import TABLE_BY_NAME
from models.definition import Cadence
from pipeline.money import ReportParams
from pipeline.monitor.limits import MonitoringParams

#: Sections that may be left out, because no stage of DVC asks for them by name.
_NO_STAGE = ("monitoring", "retention", "retrain")

#: Tables whose rows say what holds until another one says otherwise: they do not age.
_IN_FORCE = ("consents", "card_events")

#: The limits of tables move by whole months, so that two are the least that keeps one.
_TABLE_DAYS = Annotated[int, Field(ge=62)]


_DATED = tuple(
    name
    for name, table in TABLE_BY_NAME.items()
    if "event_time" in table.schema() and name not in _IN_FORCE
)


class ParamsError(ValueError):
    """A parameters file cannot be used."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ValidationParams(_Frozen):
    """When bad rows stop a run."""

    max_quarantined_share: float = Field(default=0.02, ge=0, le=1)
    available_after_hours: dict[str, float] = Field(default_factory=dict)


class SnapshotParams(_Frozen):
    """How far apart, and how many, training snapshots are, and what computes them.

    `keep_grains` off makes one run cheaper, and every later one as dear as the first.
    """

    keep_grains: bool = True
    step_days: int = Field(default=30, ge=1)
    max_training: int = Field(default=12, ge=1)
    engine: Literal["duckdb", "spark"] = "duckdb"


class ModelParams(_Frozen):
    """What may differ from a model's declaration, by experiment."""

    gap_days: int | None = Field(default=None, ge=0)
    horizon_days: int | None = Field(default=None, ge=1)
    seed: int = 20240401
    learner: dict[str, Any] = Field(default_factory=dict)


class GateParams(_Frozen):
    """When a challenger is let through."""

    list_size: int = Field(default=1000, ge=1)
    level: float = Field(default=0.95, gt=0.5, lt=1)
    draws: int = Field(default=1000, ge=100)
    refresh_margin: float = Field(default=0.005, ge=0)
    refresh_margin_outcomes: float = Field(default=0.005, ge=0)
    calibration_low: float = Field(default=0.9, gt=0, lt=1)
    calibration_high: float = Field(default=1.1, gt=1)
    level_low: float = Field(default=0.8, gt=0, lt=1)
    level_high: float = Field(default=1.25, gt=1)


class LeakParams(_Frozen):
    """What the leak alarms let pass; see `pipeline.alarms`."""

    column_auc: float = Field(default=0.9, gt=0.5, le=1)
    dominance: float = Field(default=0.1, gt=0, lt=0.5)
    periods_auc: float = Field(default=0.95, gt=0.5, le=1)
    permuted_level: float = Field(default=0.999, gt=0.5, lt=1)


class RetentionParams(_Frozen):
    """For how many days what names persons is kept; none: for as long as the project.

    `shortlist gc` removes what is older. `tables` limits delivered tables, by name: older rows
    are not taken in; see `pipeline.kept_since`.
    """

    tables: dict[str, _TABLE_DAYS | None] = Field(default_factory=dict)
    exports_days: int | None = Field(default=90, ge=1)
    jobs_days: int | None = Field(default=90, ge=1)
    answers_days: int | None = Field(default=2, ge=1)
    score_sets_days: int | None = Field(default=730, ge=1)
    list_rows_days: int | None = Field(default=1095, ge=1)
    contacts_days: int | None = Field(default=1095, ge=1)
    outcomes_days: int | None = Field(default=1095, ge=1)
    reminders_days: int | None = Field(default=1095, ge=1)

    @field_validator("tables")
    @classmethod
    def _have_an_age(cls, tables: dict[str, int | None]) -> dict[str, int | None]:
        for name in tables:
            if name in _IN_FORCE:
                raise ValueError(
                    f"rows of {name} hold until others say otherwise, however old they are: "
                    "leave the table out"
                )
            if name not in _DATED:
                raise ValueError(
                    f"{name} is no table whose rows have a time; use some of {', '.join(_DATED)}"
                )
        return tables

    def since(self, name: str, at: datetime) -> datetime | None:
        """Return the time before which something is kept too long; none without a limit.

        Examples
        --------
        >>> RetentionParams().since("exports_days", datetime(2026, 4, 1))
        datetime.datetime(2026, 1, 1, 0, 0)
        """
        days: int | None = getattr(self, name)
        return None if days is None else at - timedelta(days=days)


class ArrivalLimits(_Frozen):
    """How much newer data may differ from those of the last run; see `pipeline.arrivals`."""

    fewest_rows: float = Field(default=0.98, ge=0, le=1)
    most_rows_again: float = Field(default=1.2, ge=1)
    least_a_day: float = Field(default=0.3, ge=0, le=1)
    most_a_day: float = Field(default=3.0, ge=1)
    more_nulls: float = Field(default=0.1, gt=0, le=1)
    unseen_values: float = Field(default=0.1, gt=0, le=1)
    shifted_hours: float = Field(default=0.02, gt=0, le=1)
    refused_new_rows: float = Field(default=0.02, ge=0, le=1)
    silent_share: float = Field(default=0.05, ge=0, le=1)


class RetrainParams(_Frozen):
    """When `shortlist retrain` trains and scores, what it takes in, and whom it tells.

    No stage follows these values, so that a change of them trains nothing again.
    """

    cadence: dict[str, Cadence] = Field(default_factory=dict)
    rescore: Cadence = "daily"
    limits: ArrivalLimits = ArrivalLimits()
    notify: tuple[str, ...] = ()
    webhook: str = ""


class Params(_Frozen):
    """The whole of `params.yaml`."""

    time_zone: str
    currency: str
    validation: ValidationParams = ValidationParams()
    snapshots: SnapshotParams = SnapshotParams()
    models: dict[str, ModelParams]
    gate: GateParams = GateParams()
    leaks: LeakParams = LeakParams()
    report: ReportParams = ReportParams()
    retention: RetentionParams = RetentionParams()
    retrain: RetrainParams = RetrainParams()
    monitoring: MonitoringParams = MonitoringParams()

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError) as error:
            raise ValueError("no such time zone; use an IANA name such as Asia/Taipei") from error
        return name


class Run(_Frozen):
    """What one run was asked for: written by `shortlist run`, tracked by DVC.

    Attributes
    ----------
    data : str
        Where the tables come from: a folder, a DuckDB file or a PostgreSQL URL.
    fingerprint : str
        Changes whenever the data do.
    as_of : date, optional
        Scoring cut-off, a local date; the day after the newest row where missing.
    code : str
        Changes whenever our own code does.
    overrides : dict
        Values that stand above `params.yaml` for this run.
    tuned : dict
        Parameters of learners that `shortlist tune` found, by model.
    laid_from : dict
        By model that is only scored in this run, the cut-off from which its training cut-offs
        are laid backwards: that of its last training. All others are laid from `as_of`.
    kept_since : dict
        By table that `retention.tables` limits, the first day of the rows that are taken in.
    requested_at : datetime
        When the run was asked for: rows that claim to be later are refused.
    """

    data: str
    fingerprint: str
    as_of: date | None = None
    code: str = ""
    overrides: dict[str, Any] = Field(default_factory=dict)
    tuned: dict[str, dict[str, Any]] = Field(default_factory=dict)
    laid_from: dict[str, date] = Field(default_factory=dict)
    kept_since: dict[str, date] = Field(default_factory=dict)
    requested_at: datetime


def read_run(folder: Path) -> Run:
    """Read `artifacts/run.yaml` of a project.

    Raises
    ------
    ParamsError
        If no run was asked for yet.
    """
    path = folder / "artifacts" / "run.yaml"
    if not path.exists():
        raise ParamsError(f"{path} is missing. Start with `shortlist run --data DIR`.")
    return Run.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def read_params(folder: Path, *, overrides: dict[str, Any] | None = None) -> Params:
    r"""Read `params.yaml` of a project, with dotted `overrides` on top.

    Raises
    ------
    ParamsError
        If the file is missing, is no YAML, or holds a value that is not allowed; the
        message names the place.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "params.yaml").write_text(
    ...     "time_zone: Asia/Taipei\ncurrency: TWD\nmodels: {customer_activity: {}}"
    ... )
    >>> read_params(folder, overrides={"gate.list_size": 500}).gate.list_size
    500
    """
    path = folder / "params.yaml"
    if not path.exists():
        raise ParamsError(f"{path} is missing. `shortlist run` in an empty folder makes one.")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ParamsError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise ParamsError(f"{path} holds no settings; it needs a mapping such as `time_zone: ...`.")
    for dotted, value in (overrides or {}).items():
        _set(document, dotted, value)
    try:
        return Params.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ParamsError(f"{path}: {place}: {first['msg']} (found {first['input']!r})") from error


def require_sections(folder: Path) -> None:
    """Refuse a `params.yaml` that lacks a section which the stages follow.

    Raises
    ------
    ParamsError
        Naming what is missing.
    """
    path = folder / "params.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    missing = [n for n in Params.model_fields if n not in document and n not in _NO_STAGE]
    if missing:
        raise ParamsError(
            f"{path} lacks {', '.join(missing)}. Write `{missing[0]}: {{}}` to take what is usual."
        )


def _set(document: dict[str, Any], dotted: str, value: Any) -> None:
    *parents, last = dotted.split(".")
    for parent in parents:
        inner = document.get(parent)
        document[parent] = {} if inner is None else inner
        document = document[parent]
    document[last] = value
