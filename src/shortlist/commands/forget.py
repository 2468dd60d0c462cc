"""`shortlist forget`: remove a person from all that is kept."""

from pathlib import Path
from typing import Annotated

import typer

from shortlist.operations import existing_state, now
from shortlist.verb import context_of


class NobodyNamedError(ValueError):
    """Nobody was named, and nothing was left to finish."""


def forget(
    ctx: typer.Context,
    *,
    customers: Annotated[
        list[str] | None, typer.Argument(metavar="[CUSTOMER]...", help="Ids of customers.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--from", help="File with one id a line; one pass for all.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is kept.")] = False,
) -> None:
    """Remove persons from tables, snapshots, scores, lists, exports, state and DVC's cache.

    Counts and ranks of frozen lists stay; the rows are blanked. New data do not bring the
    persons back. An erasure that was killed is finished first; without ids, that is all.

    Example: `shortlist forget M00001842`
    """
    from campaigns.forget.forgetting import forget as forgotten
    from pipeline.forget.stores import JOURNAL

    context = context_of(ctx)
    people = [*(customers or []), *(_ids(file) if file else [])]
    if not people and not (context.artifacts / JOURNAL).exists():
        raise NobodyNamedError("nobody is named. Give ids, or --from FILE with one id a line.")
    say = context.console.print
    with existing_state(ctx) as state:
        reports = forgotten(
            context.folder,
            state,
            people,
            at=now(),
            dry_run=dry_run,
            tell=lambda step: say(f"forgetting: {step}"),
        )
    for report in reports:
        done = "removed" if report.done else "would be removed"
        say(f"{report.persons:,} persons; {done}:")
        for store, rows in sorted(report.removed.items()):
            say(f"{rows:>14,}  {store}", soft_wrap=True)
        if not report.removed:
            say("             0  nothing is kept of them")
        say("Not reached, and for you to do:")
        for step in report.elsewhere:
            say(f"- {step}", soft_wrap=True)
    context.answer({"reports": [report.document() for report in reports]})


def _ids(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise NobodyNamedError(f"{file} does not exist. Name a file with one id a line.") from None
    return [line.strip() for line in lines if line.strip()]
