"""`shortlist doctor`: what is not as it should be, and what mends it."""

from typing import Annotated

import typer

from shortlist.operations import existing_state, now
from shortlist.verb import context_of


def doctor(
    ctx: typer.Context,
    *,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix", help="First mend what loses nothing: MLflow's aliases and DVC's locks."
        ),
    ] = False,
) -> None:
    """Look for what killed processes, full disks and careless hands have left; explain it.

    Exit codes: 0 nothing found, 1 something found.

    Example: `shortlist doctor --fix`
    """
    from campaigns.retention import retention_of
    from campaigns.upkeep import inspect_lists, used_score_sets
    from pipeline.inspection import inspect, mend_all

    context = context_of(ctx)
    if fix:
        for mended in mend_all(context.folder):
            context.console.print(f"mended: {mended.subject} {mended.found}")
    with existing_state(ctx) as state:
        since = retention_of(context.folder).since("score_sets_days", now())
        used = used_score_sets(state, since=since) if state else frozenset()
        found = inspect(context.folder, used=used)
        found += inspect_lists(context.artifacts, state) if state else []
    for one in found:
        context.console.print(f"{one.subject}: {one.found}. To mend it: {one.fix}", soft_wrap=True)
    context.console.print(f"{len(found)} findings" if found else "Nothing is wrong.")
    context.answer({"healthy": not found, "findings": [one._asdict() for one in found]})
    if found:
        raise typer.Exit(1)
