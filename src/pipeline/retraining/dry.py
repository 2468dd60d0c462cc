"""What a retraining would do and why, without doing any of it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.arrivals.compare import compare
from pipeline.arrivals.profile import profile, read_profile
from pipeline.durable import scratch_folder
from pipeline.exit_codes import ExitCode
from pipeline.params import read_params
from pipeline.plan import scoring_cutoff
from pipeline.release import read_release
from pipeline.requirements import ContractError
from pipeline.retraining.cadence import Due, due_models
from pipeline.retraining.record import records
from pipeline.retraining.retrain import FINISHED, inputs_of
from pipeline.run import ask, last_run
from pipeline.sources.definition import NoSourceError, SourceError
from pipeline.validate import require_passed, validate_source


class Plan(NamedTuple):
    """What would be done.

    Attributes
    ----------
    code : ExitCode
        With which it would end, as far as is known before anything is trained.
    said : str
        The reason, in a sentence.
    as_of : date, optional
        The scoring cut-off; none where the data would be refused.
    due : dict
        What would be done with each model.
    findings : tuple of str
        Where the data differ from those of the last run beyond the limits.
    """

    code: ExitCode
    said: str
    as_of: date | None = None
    due: dict[str, Due] = {}  # noqa: RUF012 - never changed
    findings: tuple[str, ...] = ()


def dry_run(
    folder: Path,
    *,
    clock: Callable[[], datetime],
    data: str | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Plan:
    """Return what `retrain` would do; the data are validated in a folder that goes again.

    Arguments as of `retrain`.

    Raises
    ------
    ParamsError
        If there is no project yet.
    """
    folder = folder.resolve()
    artifacts, before = folder / "artifacts", last_run(folder)
    if overrides is None:
        overrides = before.overrides if before else {}
    run = ask(folder, data=data, as_of=None, overrides=overrides, clock=clock)
    params = read_params(folder, overrides=run.overrides)
    last = next(iter(records(artifacts)[-1:]), None)
    if last and last.inputs == inputs_of(folder, run) and last.exit_code in FINISHED:
        return Plan(ExitCode.NOTHING_TO_DO, f"nothing has changed since {last.id}", last.as_of)
    with scratch_folder(folder / "dry-run") as scratch:
        try:
            quality = validate_source(
                run.data,
                scratch,
                project=folder,
                now=run.requested_at,
                time_zone=params.time_zone,
                max_quarantined_share=params.validation.max_quarantined_share,
            )
            require_passed(quality, scratch)
        except NoSourceError:
            raise
        except (ContractError, SourceError) as error:
            return Plan(ExitCode.DATA_REFUSED, str(error))
        known = read_profile(artifacts)
        arrived = profile(
            scratch / "tables", time_zone=params.time_zone, quality=quality, since=known
        )
    findings = tuple(compare(arrived, known, params.retrain.limits)) if known else ()
    if findings:
        said = "the data would be refused: they differ beyond the declared limits"
        return Plan(ExitCode.DATA_REFUSED, said, findings=findings)
    as_of = scoring_cutoff(None, arrived.span())
    due = due_models(
        artifacts, params.models, params=params.retrain, as_of=as_of,
        release=read_release(artifacts),
    )  # fmt: skip
    if not any(one.train or one.rescore for one in due.values()):
        return Plan(ExitCode.NOTHING_TO_DO, "nothing is due", as_of, due)
    return Plan(ExitCode.RELEASED, f"the newest data are as of {as_of}", as_of, due)
