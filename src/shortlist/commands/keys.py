"""`shortlist keys`: who may ask over HTTP."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortlist.operations import now, opened_state
from shortlist.verb import context_of, group, verb

if TYPE_CHECKING:
    from campaigns.keys import Key


def create(
    ctx: typer.Context,
    *,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "unnamed",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What it may do; repeat for several. lists:read and lists:write by default. "
            "Without members:pii, readers see pseudonyms in place of customer ids."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires.")] = 90,
) -> None:
    """Make a key and print it, this once: only its hash is kept.

    Example: `KEY=$(shortlist keys create --name shop --scope lists:read)`
    """
    from campaigns.keys import create_key

    scopes = frozenset(scope or ("lists:read", "lists:write"))
    with opened_state(ctx) as state:
        text, key = create_key(
            state, name=name, scopes=scopes, valid_for=timedelta(days=days), at=now()
        )
    shared = context_of(ctx)
    if shared.json:
        shared.answer({"key": text, **_document(key)})
        return
    typer.echo(text)
    typer.echo(
        f"Key {key.prefix} may {', '.join(sorted(scopes))} until {key.expires_at:%Y-%m-%d}. "
        "It is not shown again.",
        err=True,
    )
    if not key.names_people:
        typer.echo(
            "Customers go by pseudonyms in what it reads and reports; --scope members:pii makes "
            "a key that sees their ids.",
            err=True,
        )


def list_(ctx: typer.Context) -> None:
    """List the keys, without their secrets."""
    from rich.table import Table

    from campaigns.keys import list_keys

    with opened_state(ctx) as state:
        keys = list_keys(state)
    shared = context_of(ctx)
    if shared.json:
        shared.answer([_document(key) for key in keys])
        return
    table = Table("key", "name", "scopes", "expires", "revoked")
    for key in keys:
        revoked = f"{key.revoked_at:%Y-%m-%d}" if key.revoked_at else ""
        scopes = " ".join(sorted(key.scopes))
        table.add_row(key.prefix, key.name, scopes, f"{key.expires_at:%Y-%m-%d}", revoked)
    shared.console.print(table)


def revoke(
    ctx: typer.Context,
    *,
    prefix: Annotated[str, typer.Argument(help="The key, as `shortlist keys list` shows it.")],
) -> None:
    """Withdraw a key at once.

    Example: `shortlist keys revoke 1f3a9c0b`
    """
    from campaigns.keys import revoke_key

    with opened_state(ctx) as state:
        key = revoke_key(state, prefix, at=now())
    shared = context_of(ctx)
    shared.answer(_document(key))
    shared.console.print(f"Key {key.prefix} ({key.name}) is revoked.")


def _document(key: "Key") -> dict[str, Any]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat(),
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }


keys = group("Keys to the HTTP interface: make, list and revoke them.")
keys.command("create")(verb(create))
keys.command("list")(verb(list_))
keys.command("revoke")(verb(revoke))
