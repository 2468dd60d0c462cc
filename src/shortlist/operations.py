"""What the commands around the service share: settings, the state database, the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from shortlist.verb import context_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from serving.settings import ServingSettings


def serving_settings(ctx: typer.Context) -> "ServingSettings":
    """Return the settings of the environment, with the artefacts of the project."""
    from serving.settings import read_settings

    return read_settings(context_of(ctx).artifacts)


@contextmanager
def opened_state(ctx: typer.Context) -> "Iterator[Engine]":
    """Yield the state database of the project, up to date."""
    from campaigns.state.database import open_state

    settings = serving_settings(ctx)
    state = open_state(settings.artifacts, settings.state_url)
    try:
        yield state
    finally:
        state.dispose()


@contextmanager
def existing_state(ctx: typer.Context) -> "Iterator[Engine | None]":
    """Yield the state database of the project; none where nobody has needed one yet."""
    settings = serving_settings(ctx)
    if not settings.state_url and not (settings.artifacts / "state.db").exists():
        yield None
        return
    with opened_state(ctx) as state:
        yield state


def now() -> datetime:
    """Return the time; commands pass it down."""
    return datetime.now(UTC)
