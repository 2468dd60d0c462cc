"""`shortlist monitor`: have customers changed, and did what was promised come true."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.exit_codes import ExitCode
from shortlist.operations import now
from shortlist.verb import context_of

if TYPE_CHECKING:
    from pipeline.monitor.record import Record
    from shortlist.context import Context


def monitor(
    ctx: typer.Context,
    models: Annotated[
        list[str] | None, typer.Argument(help="Models to watch; all that are live by default.")
    ] = None,
) -> None:
    """Compare what is live with earlier months, and what was predicted with what happened.

    Looks at every column and score against earlier cut-offs, at predictions whose outcome
    window has closed, and at how much of the list is new. Limits stand in params.yaml under
    `monitoring`; docs/monitoring.md says what each alarm means.

    Exit codes: 0 quiet, 1 an error, 6 something rings, 7 a run is under way.

    Example: `shortlist monitor --json`
    """
    from pipeline.alone import alone
    from pipeline.monitor.report import page_path
    from pipeline.monitor.watch import watch
    from pipeline.project import open_project

    context = context_of(ctx)
    project = open_project(context.folder.resolve())
    with alone(project.artifacts):
        records = watch(project, clock=now, only=tuple(models or ()))
    for record in records:
        tell(context, record)
    context.console.print(f"Report: {page_path(project.artifacts)}", soft_wrap=True)
    context.answer({one.subject: one.model_dump(mode="json") for one in records})
    if any(one.alarms for one in records):
        raise typer.Exit(ExitCode.DRIFT_ALARM)


def tell(context: "Context", record: "Record") -> None:
    """Say in a few lines what was found of one subject."""
    version = "" if record.version == "-" else f" version {record.version}"
    state = f"[red]{len(record.alarms)} rings[/red]" if record.alarms else "quiet"
    context.console.print(f"{record.subject}{version} as of {record.as_of}: {state}")
    for alarm in record.alarms:
        context.console.print(f"  [red]{alarm.says()}[/red] (since {alarm.since})", soft_wrap=True)
        context.console.print(f"    {alarm.action}", soft_wrap=True)
    for note in record.notes:
        context.console.print(f"  {note}", soft_wrap=True)
