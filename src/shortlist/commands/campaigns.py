"""`shortlist campaigns`: what was planned, what it changed, and back into the tables."""

from pathlib import Path
from typing import Annotated

import typer

from shortlist.operations import now, opened_state
from shortlist.verb import context_of, group, verb


class InvalidPlanError(ValueError):
    """The file does not hold a plan of a campaign."""


def plan(
    ctx: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="Id, offer, dates, costs.")],
) -> None:
    """Plan a campaign, which lists, contacts and outcomes then name by its id.

    Example: `shortlist campaigns plan spring.json`
    """
    from pydantic import ValidationError

    from campaigns.loop.plans import Campaign, plan_campaign

    sample = '{"campaign_id": "spring-2026", "starts_at": "2026-03-02T00:00:00+08:00"}'
    try:
        wanted = Campaign.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise InvalidPlanError(f"{file} does not exist. Name a JSON file with {sample}.") from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = "".join(f"/{step}" for step in first["loc"]) or "the document"
        said = first["msg"].removeprefix("Value error, ")
        raise InvalidPlanError(f"{file}: {where}: {said}. Expected such as {sample}.") from None
    with opened_state(ctx) as state:
        planned = plan_campaign(state, wanted, at=now())
    shared = context_of(ctx)
    shared.answer(wanted.model_dump(mode="json", exclude_none=True))
    shared.console.print(
        f"{wanted.campaign_id} is {'planned' if planned.new else 'planned already'}."
    )


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


campaigns = group("Campaigns: plan them, follow them, and put them back into the tables.")
campaigns.command("plan")(verb(plan))
campaigns.command("list")(verb(list_))
campaigns.command("effect")(verb(effect))
campaigns.command("tables")(verb(tables))
