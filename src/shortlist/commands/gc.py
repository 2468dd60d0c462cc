"""`shortlist gc`: remove what nothing refers to."""

from datetime import timedelta
from typing import Annotated

import typer

from shortlist.operations import existing_state, now
from shortlist.verb import context_of


def gc(
    ctx: typer.Context,
    *,
    keep: Annotated[
        int, typer.Option(min=0, help="How many earlier releases of each model to keep.")
    ] = 20,
    idle_minutes: Annotated[
        int, typer.Option(min=0, help="Leave alone what was written to more recently.")
    ] = 60,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed.")
    ] = False,
) -> None:
    """Remove drafts of killed processes, what nothing refers to, and what is kept too long.

    What is live, what can be stepped back to, and what a list was built from stays. Versions
    stay too: they are the record of what the gate decided. `retention` in `params.yaml` says
    how long exports, members of lists, jobs, reports and rows of delivered tables are kept.

    Example: `shortlist gc --keep 3 --dry-run`
    """
    from campaigns.retention import expire_rows, expired_files, retention_of
    from campaigns.upkeep import members_without_a_list, used_score_sets
    from pipeline.garbage import collect
    from pipeline.past_project import let_go_of_past_rows

    context = context_of(ctx)
    limits, at = retention_of(context.folder), now()
    past = let_go_of_past_rows(context.folder, at=at, dry_run=dry_run)
    with existing_state(ctx) as state:
        old = expired_files(context.artifacts, state, limits, at=at, mark=not dry_run)
        found = collect(
            context.folder,
            keep=keep,
            now=at,
            idle=timedelta(minutes=idle_minutes),
            used=used_score_sets(state, since=limits.since("score_sets_days", at))
            if state
            else frozenset(),
            more=[*(members_without_a_list(context.artifacts, state) if state else []), *old],
            tell=lambda one: context.console.print(
                f"{one.bytes:>14,} bytes  {one.path.relative_to(context.folder)}: {one.why}",
                soft_wrap=True,
            ),
            dry_run=dry_run,
        )
        rows = expire_rows(state, limits, at=at, dry_run=dry_run) if state else {}
    total = sum(one.bytes for one in found)
    done = "would be removed" if dry_run else "removed"
    context.console.print(f"{total:>14,} bytes {done}")
    for table, number in rows.items():
        context.console.print(f"{number:>14,} rows of {table} {done}: kept too long")
    for store, number in sorted(past.items()):
        context.console.print(f"{number:>14,} rows in {store} {done}: kept too long")
    context.answer(
        {
            "removed": not dry_run,
            "bytes": total,
            "rows": rows,
            "past_retention": dict(past),
            "garbage": [
                {"path": str(one.path), "why": one.why, "bytes": one.bytes} for one in found
            ],
        }
    )
