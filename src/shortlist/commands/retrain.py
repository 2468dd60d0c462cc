"""`shortlist retrain`: what a scheduler calls, as often as it likes."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.exit_codes import ExitCode, told
from shortlist.operations import existing_state, now
from shortlist.options import Data, Overrides, read_overrides
from shortlist.verb import context_of

if TYPE_CHECKING:
    from pipeline.project import Project
    from pipeline.retraining.record import Record
    from shortlist.context import Context


_NEEDS_A_PERSON = (ExitCode.GATE_REFUSED, ExitCode.DATA_REFUSED, ExitCode.DRIFT_ALARM)


def retrain(
    ctx: typer.Context,
    data: Data = None,
    overrides: Overrides = None,
    accept: Annotated[
        str | None,
        typer.Option(
            "--accept-data",
            metavar="WHY",
            help="Take the data in though they differ from those of the last run beyond "
            "retrain.limits; the reason is kept in the record.",
        ),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done, and why.")
    ] = False,
) -> None:
    """Train what is due, renew the scores of the rest, release, and keep a record.

    For any scheduler, as often as it likes: what is done is not done again, missed runs are made
    up for by one, and a run that was killed is completed by the next. `docs/retraining.md` tells
    what is due when, and which data are refused. Values of `--set` are those of the last run by
    default.
    """
    context = context_of(ctx)
    given = None if overrides is None else read_overrides(overrides)
    if dry_run:
        _say_only(context, data, given)
        return
    from pipeline.retraining.retrain import retrain as retrain_project

    record = retrain_project(
        context.folder,
        clock=now,
        data=data,
        overrides=given,
        accept=accept,
        watch=_rings,
        tell=lambda said: context.console.print(f"[red]{said}[/red]"),
    )
    _report(context, record)
    _alarm(ctx, record)
    if record.exit_code:
        raise typer.Exit(record.exit_code)


retrain.__doc__ = f"""{retrain.__doc__}
    Exit codes:

{"".join(f"    {line}{chr(10)}" for line in told().splitlines())}
    Example: `shortlist --project /srv/shortlist retrain --data /srv/exports/newest`
    """


def _rings(project: "Project") -> list[str]:
    """Watch what is live now; return what rings."""
    from pipeline.monitor.watch import watch
    from pipeline.release import read_release

    if not read_release(project.artifacts).models:
        return []
    records = watch(project, clock=now)
    return [f"{one.subject}: {alarm.says()}" for one in records for alarm in one.alarms]


def _alarm(ctx: typer.Context, record: "Record") -> None:
    """Tell the webhooks of what needs a person."""
    from campaigns.webhooks.events import emit

    if record.exit_code not in _NEEDS_A_PERSON:
        return
    told = {"alarm": ExitCode(record.exit_code).name.lower(), "detail": record.said[:1000]}
    with existing_state(ctx) as state:
        if state is not None:
            emit(state, "alarm", told, now(), once=f"retrain {record.id}")


def _report(context: "Context", record: "Record") -> None:
    console = context.console
    for name, one in record.models.items():
        console.print(f"{name}: {one.did} ({one.why})", highlight=False)
        for refusal in one.refusals:
            console.print(f"  the gate: {refusal}", highlight=False)
    for found in (*record.findings, *record.alarms):
        console.print(found, highlight=False, markup=False)
    console.print(f"{record.said} (exit code {int(record.exit_code)})", highlight=False)
    if record.exit_code == ExitCode.DATA_REFUSED:
        console.print(
            "What is live stays. Mend the data and run again; if they are right, "
            "`shortlist retrain --accept-data WHY`."
        )
    context.answer(record.model_dump(mode="json"))


def _say_only(context: "Context", data: str | None, overrides: "dict[str, Any] | None") -> None:
    from pipeline.retraining.dry import dry_run

    found = dry_run(context.folder, clock=now, data=data, overrides=overrides)
    for name, one in found.due.items():
        does = "train" if one.train else "rescore" if one.rescore else "nothing"
        context.console.print(f"{name}: {does} ({one.why})", highlight=False)
    for refused in found.findings:
        context.console.print(refused, highlight=False, markup=False)
    context.console.print(found.said, highlight=False)
    context.answer(
        {
            "as_of": found.as_of,
            "exit_code": int(found.code),
            "said": found.said,
            "findings": list(found.findings),
            "models": {name: one._asdict() for name, one in found.due.items()},
        }
    )
