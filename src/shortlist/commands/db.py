"""`shortlist db`: the database of keys and lists."""

import typer

from shortlist.operations import serving_settings
from shortlist.verb import context_of, group, verb


def upgrade(ctx: typer.Context) -> None:
    """Bring the tables of the state database up to date; changes nothing if they are.

    Example: `SHORTLIST_DATABASE_URL=postgresql://ann@db/shortlist shortlist db upgrade`
    """
    from campaigns.state.database import connect, state_url, upgrade_state

    settings = serving_settings(ctx)
    state = connect(state_url(settings.artifacts, settings.state_url))
    try:
        revision = upgrade_state(state)
    finally:
        state.dispose()
    shared = context_of(ctx)
    shared.answer({"database": state.dialect.name, "revision": revision})
    shared.console.print(
        f"The {state.dialect.name} state database is at revision {revision}.", soft_wrap=True
    )


db = group("The database of keys and lists.")
db.command("upgrade")(verb(upgrade))
