"""`shortlist campaigns`: what was planned, what it changed, and back into the tables."""

from pathlib import Path
from typing import Annotated

import typer

from shortlist.operations import now, opened_state
from shortlist.verb import context_of, group, verb


def list_(ctx: typer.Context) -> None:
    """List the campaigns planned, the newest first, and how far each has got.

    Example: `shortlist campaigns list`
    """
    from rich.table import Table

    from campaigns.loop.plans import list_campaigns, track

    with opened_state(ctx) as state:
        found = [
            (one.campaign, track(state, one.campaign.campaign_id)) for one in list_campaigns(state)
        ]
    shared = context_of(ctx)
    shared.answer(
        [
            {**plan.model_dump(mode="json", exclude_none=True), "track": got.model_dump()}
            for plan, got in found
        ]
    )
    table = Table("campaign", "goal", "starts", "ends", "lists", "treated", "control", "contacts")
    for plan, got in found:
        ends = f"{plan.ends_at:%Y-%m-%d}" if plan.ends_at else ""
        counts = (got.lists, got.treated, got.control, sum(got.contacts.values()))
        table.add_row(
            plan.campaign_id,
            plan.goal or "",
            f"{plan.starts_at:%Y-%m-%d}",
            ends,
            *(f"{count:,}" for count in counts),
        )
    shared.console.print(table)


def effect(
    ctx: typer.Context,
    *,
    campaign: Annotated[str, typer.Argument(help="Its id.")],
) -> None:
    """Tell what a campaign changed: members of its lists against those held out.

    From the outcomes reported, and from receipts where they reach into the campaign. Of
    campaigns among the delivered tables `shortlist effect` tells.

    Example: `shortlist campaigns effect spring-2026`
    """
    from rich.table import Table

    from campaigns.effect.reported import effect_of_reports

    shared = context_of(ctx)
    with opened_state(ctx) as state:
        told = effect_of_reports(shared.artifacts, state, campaign, at=now())
    shared.answer(told.model_dump(mode="json"))
    counts = ", ".join(f"{count:,} {arm}" for arm, count in told.customers.items())
    shared.console.print(f"{campaign}: {counts}, on {told.lists} lists.")
    if told.status != "told":
        shared.console.print(f"{told.status.replace('_', ' ')}: {told.why}.", soft_wrap=True)
        return
    table = Table("outcome", "control", "effect", f"{told.level:.0%} interval", "in total")
    for one in told.added:
        table.add_row(
            one.outcome,
            f"{one.control_mean:.4g}",
            f"{one.effect:.4g}",
            f"{one.low:.4g} to {one.high:.4g}",
            f"{one.total:,.0f}",
        )
    shared.console.print(table)
    if told.why:
        shared.console.print(told.why, soft_wrap=True)


def tables(
    ctx: typer.Context,
    *,
    to: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder of the data, or an empty one.")
    ],
) -> None:
    """Write campaigns, assignments, contacts and outcomes as tables that `run --data` reads.

    Into a folder for each table, where they add to what the retailer delivers: the next run
    learns from them what offers change.

    Example: `shortlist campaigns tables --to data/shop`
    """
    from campaigns.loop.tables import write_tables

    shared = context_of(ctx)
    with opened_state(ctx) as state:
        rows = write_tables(shared.artifacts, state, to)
    shared.answer({"to": str(to), "rows": rows})
    for name, count in rows.items():
        shared.console.print(f"{count:>12,}  {name}", highlight=False)
    shared.console.print(f"Next: shortlist run --data {to}", markup=False, highlight=False)


campaigns = group("Campaigns: how far they have got, what they changed, back into the tables.")
campaigns.command("list")(verb(list_))
campaigns.command("effect")(verb(effect))
campaigns.command("tables")(verb(tables))
