"""`shortlist audit`: who took which list and which fields over HTTP, and when."""

from typing import Annotated

import typer

from shortlist.operations import opened_state
from shortlist.verb import context_of


def audit(
    ctx: typer.Context,
    *,
    list_id: Annotated[str | None, typer.Option("--list", help="Only of this list.")] = None,
    who: Annotated[
        str | None, typer.Option(help="Only of this key, by its prefix, or token's subject.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Entries, at most.")] = 100,
) -> None:
    """List who took which list and which fields over HTTP, the newest first.

    Keys that were made and withdrawn over HTTP, and versions that were made live, are there, too.

    Example: `shortlist audit --list list_5f0c9a4be1d27c3388aa`
    """
    from rich.table import Table

    from campaigns.audit import read_audit

    with opened_state(ctx) as state:
        events = [one.event for one in read_audit(state, limit=limit, list_id=list_id, who=who)]
    shared = context_of(ctx)
    shared.answer([event.document() for event in events])
    table = Table("at", "who", "route", "of", "rows", "fields", "named by")
    for event in events:
        of = " ".join(one for one in (event.list_id, event.about) if one)
        named = "pseudonym" if event.pseudonymous else "id"
        table.add_row(
            f"{event.at:%Y-%m-%d %H:%M:%S}",
            event.who,
            event.route,
            of,
            f"{event.rows:,}" if event.rows else "",
            " ".join(event.fields),
            named if event.rows else "",
        )
    shared.console.print(table)
