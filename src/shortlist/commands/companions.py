"""`shortlist companions`: what to promote with a lead product."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from shortlist.verb import context_of

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.companions import Found


class LeadBy(StrEnum):
    """What is told apart."""

    product = "product"
    category = "category"


def companions(
    ctx: typer.Context,
    *,
    product_id: Annotated[str, typer.Argument(metavar="PRODUCT_ID", help="The lead product.")],
    season: Annotated[
        str | None,
        typer.Option(help="Only the four weeks up to a festival, such as mothers_day."),
    ] = None,
    lead_by: Annotated[
        LeadBy, typer.Option(help="Tell products apart, or narrowest categories.")
    ] = LeadBy.product,
    days: Annotated[int, typer.Option(min=1, help="How far back to look.")] = 730,
    within_days: Annotated[
        int, typer.Option(min=0, help="Longest pause within a sequence; 0: baskets only.")
    ] = 14,
    min_count: Annotated[int, typer.Option(min=1, help="Fewest baskets with both.")] = 5,
    error_rate: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="Share of false ones among the found.")
    ] = 0.05,
) -> None:
    """Find the products that are bought with a lead product, beyond what both sell anyway.

    Looks at baskets, and at what customers bought within some days, as known at the cut-off
    of the last run.

    Example: `shortlist companions P00017 --season mothers_day --lead-by category`
    """
    from pipeline.companions import companions_of
    from pipeline.project import open_project

    context = context_of(ctx)
    with context.console.status(f"{product_id}: comparing baskets"):
        found = companions_of(
            open_project(context.folder),
            product_id,
            lead_by=lead_by.value,
            season=season,
            days=days,
            within_days=within_days,
            min_count=min_count,
            error_rate=error_rate,
        )
    context.console.print(companions_table(found))
    context.answer(found.model_dump(mode="json"))


def companions_table(found: "Found") -> "Table":
    """Return companions as rows, the surest first."""
    from rich.table import Table

    season = f", {found.season}" if found.season else ""
    table = Table(
        title=f"Bought with {found.name or found.lead}: {found.with_lead:,} of {found.baskets:,} "
        f"baskets, {found.since} to before {found.as_of}{season}",
        caption=f"{found.tested:,} tests; at most {found.error_rate:.0%} of the found are false. "
        f"added: over what was to be expected in the week and size of basket, "
        f"{found.level:.0%} interval",
    )
    table.add_column("companion")
    table.add_column("seen in")
    for heading in ("together", "support", "confidence", "lift", "added", "margin"):
        table.add_column(heading, justify="right")
    for one in found.companions:
        table.add_row(
            f"{one.companion} {one.name or ''}".strip(),
            one.seen_in,
            f"{one.together:,}",
            f"{one.support:.4f}",
            f"{one.confidence:.3f}",
            f"{one.lift:.2f}",
            f"{one.added_lift:.2f} [{one.low:.2f}, {one.high:.2f}]",
            "" if one.expected_margin is None else f"{one.expected_margin:,.0f}",
        )
    return table
