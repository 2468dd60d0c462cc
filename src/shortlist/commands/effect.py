"""`shortlist effect`: what a campaign or a promotion added."""

from typing import TYPE_CHECKING, Annotated

import typer

from shortlist.verb import context_of

if TYPE_CHECKING:
    from rich.table import Table

    from campaigns.effect.campaign import CampaignEffect
    from campaigns.effect.promotion import PromotionReport


def effect(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(metavar="CAMPAIGN|PROMOTION", help="Its id, such as C0008 or R00042."),
    ],
) -> None:
    """Tell what a campaign changed, or what a promotion really added, with intervals.

    A campaign that drew its arms at random is compared with its control, adjusted for what
    was bought before. A promotion is compared with stores that did not run it, or with what
    the weeks would have been without it. Written to `artifacts/effects/NAME`.

    Example: `shortlist effect C0008`
    """
    from campaigns.effect.campaign import CampaignEffect
    from campaigns.effect.told import effect_folder, tell_effect
    from models.promotion_lift import promotion_lift
    from pipeline.project import open_project

    context = context_of(ctx)
    with context.console.status(f"{name}: reading tables"):
        told = tell_effect(open_project(context.folder), name, promotion_lift)
    if isinstance(told, CampaignEffect):
        context.console.print(campaign_table(told))
        context.console.print(_said(told), soft_wrap=True)
    else:
        context.console.print(promotion_table(told))
    context.console.print(f"Written to {effect_folder(context.artifacts, name)}", soft_wrap=True)
    context.answer(told.model_dump(mode="json"))


def campaign_table(told: "CampaignEffect") -> "Table":
    """Return outcomes and arms as rows."""
    from rich.table import Table

    drawn = (
        f"{told.drawn_from}"
        if told.drawn_from == told.drawn_until
        else f"{told.drawn_from} to {told.drawn_until}"
    )
    table = Table(
        title=f"{told.campaign}: drawn {drawn}, {told.horizon_days} days of outcomes",
        caption=f"{told.level:.0%} intervals, adjusted for purchases before; per customer who "
        "drew the arm, whether or not the contact came through",
    )
    for heading in ("outcome", "arm"):
        table.add_column(heading)
    for heading in ("customers", "control", "effect", "in all", "narrower"):
        table.add_column(heading, justify="right")
    for row in told.added:
        digits = 4 if row.outcome == "bought" else 2
        table.add_row(
            row.outcome,
            row.arm,
            f"{row.customers:,}",
            f"{row.control_mean:,.{digits}f}",
            f"{row.effect:+,.{digits}f} [{row.low:+,.{digits}f}, {row.high:+,.{digits}f}]",
            f"{row.total:+,.0f} [{row.total_low:+,.0f}, {row.total_high:+,.0f}]",
            f"{row.narrower:.0%}",
        )
    return table


def promotion_table(told: "PromotionReport") -> "Table":
    """Return the parts of what a promotion added as rows."""
    from rich.table import Table

    table = Table(
        title=f"{told.promotion}: {told.starts_on} to before {told.ends_on}, "
        f"{len(told.products)} products, {told.stores or 'all'} stores",
        caption=f"{told.level:.0%} intervals, {told.design}",
    )
    for heading in ("part", "measure"):
        table.add_column(heading)
    for heading in ("added", "without it"):
        table.add_column(heading, justify="right")
    for row in told.parts:
        table.add_row(
            row.part,
            row.measure,
            f"{row.value:+,.0f} [{row.low:+,.0f}, {row.high:+,.0f}]",
            f"{row.expected:,.0f}",
        )
    return table


def _said(told: "CampaignEffect") -> str:
    draw = (
        "The draw was at random, and its checks passed."
        if told.randomised
        else "[yellow]The probabilities of the draw are not on record: this is observational, and "
        "what else differs between the arms counts as their effect.[/yellow]"
    )
    least = told.least_effect
    if least is None:
        return draw
    return f"{draw} So many customers show a change in `bought` of {least:.4f} four times in five."
