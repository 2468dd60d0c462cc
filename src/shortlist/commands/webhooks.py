"""`shortlist webhooks`: who is told of lists, exports, releases and alarms."""

from typing import TYPE_CHECKING, Annotated

import typer

from shortlist.operations import now, opened_state, serving_settings
from shortlist.verb import context_of, group, verb

if TYPE_CHECKING:
    from campaigns.webhooks.outbox import Delivery

Webhook = Annotated[str, typer.Argument(help="The webhook, as `shortlist webhooks list` shows it.")]


class InvalidWebhookError(ValueError):
    """The webhook that was asked for cannot be added."""


def add(
    ctx: typer.Context,
    *,
    url: Annotated[str, typer.Argument(help="An https URL on the public internet.")],
    event: Annotated[
        list[str] | None,
        typer.Option(help="What to tell of; repeat for several. All there is by default."),
    ] = None,
    name: Annotated[str, typer.Option(help="What it is for.")] = "unnamed",
) -> None:
    """Add a webhook and print its secret, this once.

    Example: `shortlist webhooks add https://crm.example/hook --event list.ready`
    """
    import asyncio

    from pydantic import ValidationError

    from campaigns.webhooks.events import EVENTS
    from campaigns.webhooks.subscriptions import WebhookSpec, subscribe
    from campaigns.webhooks.targets import allowed_hosts, checked

    try:
        spec = WebhookSpec.model_validate(
            {"url": url, "events": event or list(EVENTS), "name": name}
        )
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise InvalidWebhookError(f"{first['loc'][0]}: {first['msg']}.") from None
    asyncio.run(checked(url, allow=allowed_hosts(serving_settings(ctx).webhooks_allow)))
    with opened_state(ctx) as state:
        made = subscribe(state, spec, created_by="command line", at=now())
    shared = context_of(ctx)
    if shared.json:
        shared.answer({**made.webhook.document(), "secret": made.secret})
        return
    typer.echo(made.secret)
    typer.echo(
        f"{made.webhook.id} is told of {', '.join(made.webhook.events)}. "
        "Its secret is not shown again.",
        err=True,
    )


def list_(ctx: typer.Context) -> None:
    """List the webhooks, without their secrets."""
    from rich.table import Table

    from campaigns.webhooks.subscriptions import list_webhooks

    with opened_state(ctx) as state:
        found = list_webhooks(state)
    shared = context_of(ctx)
    if shared.json:
        shared.answer([one.document() for one in found])
        return
    table = Table("webhook", "name", "url", "events", "disabled")
    for one in found:
        disabled = f"{one.disabled_at:%Y-%m-%d}" if one.disabled_at else ""
        table.add_row(one.id, one.name, one.url, " ".join(one.events), disabled)
    shared.console.print(table)


def remove(ctx: typer.Context, *, webhook: Webhook) -> None:
    """Tell a webhook nothing more."""
    from campaigns.webhooks.subscriptions import remove_webhook

    with opened_state(ctx) as state:
        remove_webhook(state, webhook)
    shared = context_of(ctx)
    shared.answer({"removed": webhook})
    shared.console.print(f"{webhook} is removed.")


def ping(ctx: typer.Context, *, webhook: Webhook) -> None:
    """Queue a test message; the service sends it."""
    from campaigns.webhooks.outbox import send_ping

    with opened_state(ctx) as state:
        made = send_ping(state, webhook, at=now())
    _show(ctx, made)


def deliveries(ctx: typer.Context, *, webhook: Webhook) -> None:
    """Show the newest 100 messages to a webhook, and what became of them."""
    from rich.table import Table

    from campaigns.webhooks.outbox import list_deliveries

    with opened_state(ctx) as state:
        found = list_deliveries(state, webhook, limit=100)
    shared = context_of(ctx)
    if shared.json:
        shared.answer([one.document() for one in found])
        return
    table = Table("delivery", "event", "status", "attempts", "problem")
    for one in found:
        table.add_row(one.id, one.event, one.status, str(one.attempts), one.problem or "")
    shared.console.print(table)


def replay(
    ctx: typer.Context,
    *,
    webhook: Webhook,
    delivery: Annotated[str, typer.Argument(help="The delivery, as `deliveries` shows it.")],
) -> None:
    """Deliver again what was delivered or given up; the service sends it."""
    from campaigns.webhooks.outbox import replay as again

    with opened_state(ctx) as state:
        made = again(state, webhook, delivery, at=now())
    _show(ctx, made)


def _show(ctx: typer.Context, made: "Delivery") -> None:
    shared = context_of(ctx)
    shared.answer(made.document())
    shared.console.print(f"{made.id} is on its way.")


webhooks = group("Webhooks: add, test and follow them.")
webhooks.command("add")(verb(add))
webhooks.command("list")(verb(list_))
webhooks.command("remove")(verb(remove))
webhooks.command("ping")(verb(ping))
webhooks.command("deliveries")(verb(deliveries))
webhooks.command("replay")(verb(replay))
