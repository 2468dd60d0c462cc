"""`shortlist trace`: from a member of a list back to all that decided."""

from typing import Annotated

import typer

from shortlist.operations import opened_state
from shortlist.verb import context_of


def trace(
    ctx: typer.Context,
    list_id: Annotated[str, typer.Argument(metavar="LIST", help="Id of a list.")],
    customer_id: Annotated[
        str, typer.Argument(metavar="CUSTOMER", help="Somebody on it, or left out of it.")
    ],
) -> None:
    """Follow a customer of a list back to score, version, training, snapshot, data and code.

    Score, rank and reasons are computed again from what is kept, and compared with what was
    frozen. What can no longer be followed is said. Exit code 1 where a figure differs.

    Example: `shortlist trace list_5f0c9a4be1d27c3388aa M00001842`
    """
    from campaigns.trace.trace import trace as traced

    context = context_of(ctx)
    with opened_state(ctx) as state:
        found = traced(context.folder, state, list_id, customer_id)
    say = context.console.print
    say(found.said, soft_wrap=True)
    for link in found.links:
        mark = "" if link.found else "[yellow]broken:[/yellow] "
        say(f"  {link.name.replace('_', ' ')}: {mark}{link.said}", soft_wrap=True)
    for one in found.figures:
        value = one.frozen if one.frozen is not None else one.stored
        shown = f" {value}" if isinstance(value, int | float) else ""
        say(f"  {one.name}{shown}: {one.said}", soft_wrap=True)
    context.answer({"customer_id": customer_id, **found.document()})
    if any(one.agrees is False for one in found.figures):
        raise typer.Exit(1)
