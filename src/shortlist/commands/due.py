"""`shortlist due`: who runs out of what, and when."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from shortlist.verb import context_of

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.table import Table

#: How many rows a person is shown.
_SHOWN = 20


class By(StrEnum):
    """What has to come within the days."""

    due = "due"
    window = "window"


def due(
    ctx: typer.Context,
    *,
    within: Annotated[
        int, typer.Option(min=1, help="So many days from the cut-off of the scores on.")
    ] = 7,
    by: Annotated[
        By, typer.Option(help="The due date itself, or any day of the contact window.")
    ] = By.due,
    category: Annotated[str | None, typer.Option(help="Only what is due in this category.")] = None,
    at_least: Annotated[
        float, typer.Option(min=0, max=1, help="Lowest probability of a purchase in the horizon.")
    ] = 0.0,
    limit: Annotated[int, typer.Option(min=1, help="Most rows of the JSON document.")] = 10_000,
) -> None:
    """List the customers whose next purchase is due within some days, most likely first.

    Reads the released scores of repurchase_timing; each row names the category, the due date
    and the window for a contact. Who may be contacted is decided when a list is built.

    Example: `shortlist due --within 7 --category "coffee capsules"`
    """
    from pipeline.due import read_due
    from pipeline.release import read_release

    context = context_of(ctx)
    live = read_release(context.artifacts).live("repurchase_timing")
    found = read_due(
        context.artifacts,
        live.score_set,
        within_days=within,
        by=by.value,
        category=category,
        at_least=at_least,
    )
    context.console.print(due_table(found.rows.slice(0, _SHOWN), len(found.rows), within))
    context.answer(
        {
            "model": "repurchase_timing",
            "version": live.version,
            "as_of": found.as_of,
            "within_days": within,
            "rows": len(found.rows),
            "due": found.rows.slice(0, limit).to_pylist(),
        }
    )


def due_table(rows: "pa.Table", total: int, within: int) -> "Table":
    """Return rows of the scores as a table."""
    from rich.table import Table

    names = ["customer_id", "category", "probability", "due_on", "opens_on", "closes_on"]
    table = Table(*names, title=f"{total:,} purchases are due within {within} days")
    for row in rows.to_pylist():
        cells = (row[name] for name in names)
        table.add_row(*(f"{v:.3f}" if isinstance(v, float) else str(v) for v in cells))
    return table
