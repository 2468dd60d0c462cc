"""`shortlist list standing` and `shortlist list run-due`: lists that are built again and again."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from shortlist.operations import now, opened_state, serving_settings
from shortlist.verb import context_of, group, verb


class NotAllBuiltError(RuntimeError):
    """Some standing lists that are due could not be built."""


def add(
    ctx: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="Name, list, when; see docs.")],
) -> None:
    """Add a list that `shortlist list run-due` builds whenever it is due.

    Example: `shortlist list standing add refill.json`
    """
    from campaigns.standing.requests import (
        InvalidStandingListError,
        add_standing_list,
        read_standing_list,
    )

    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise InvalidStandingListError(f"{file} does not exist. Name a JSON file.") from None
    standing = read_standing_list(content, str(file))
    with opened_state(ctx) as state:
        kept = add_standing_list(state, standing, at=now())
    shared = context_of(ctx)
    shared.answer(kept.document())
    shared.console.print(
        f"{standing.name} is {'added' if kept.new else 'there already'}. Next: `shortlist list "
        "run-due`, once a day from any scheduler.",
        soft_wrap=True,
    )


def list_(ctx: typer.Context) -> None:
    """List the standing lists, and when each was last built.

    Example: `shortlist list standing list`
    """
    from rich.table import Table

    from campaigns.standing.requests import runs_of, standing_lists

    with opened_state(ctx) as state:
        found = [(kept, list(runs_of(state, kept.standing.name))) for kept in standing_lists(state)]
    shared = context_of(ctx)
    shared.answer(
        [
            {**kept.document(), "last_due_on": runs[0].due_on.isoformat() if runs else None}
            for kept, runs in found
        ]
    )
    table = Table("name", "model", "when", "runs", "last")
    for kept, runs in found:
        when = kept.standing.when.model_dump()
        table.add_row(
            kept.standing.name,
            kept.standing.spec.model,
            " ".join(str(value) for value in when.values()),
            str(len(runs)),
            str(runs[0].due_on) if runs else "",
        )
    shared.console.print(table)


def remove(
    ctx: typer.Context,
    *,
    name: Annotated[str, typer.Argument(help="The standing list.")],
) -> None:
    """Build a standing list no more; its lists, and whom they reminded, stay on record.

    Example: `shortlist list standing remove refill`
    """
    from campaigns.standing.requests import remove_standing_list

    with opened_state(ctx) as state:
        remove_standing_list(state, name)
    shared = context_of(ctx)
    shared.answer({"removed": name})
    shared.console.print(f"{name} is built no more.")


def run_due(
    ctx: typer.Context,
    *,
    at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="DATE", help="What is due on this day; today by default."
        ),
    ] = None,
) -> None:
    """Build every standing list that is due, or was due and is missing. None is built twice.

    Meant for a scheduler, once a day or more often. Consents and suppressions are read as
    they are now, whatever the day.

    Example: `shortlist list run-due`
    """
    from campaigns.desk import Desk
    from campaigns.standing.run import run_due as build
    from pipeline.project import open_project
    from pipeline.release import read_release

    shared = context_of(ctx)
    zone = open_project(shared.folder).params.time_zone
    moment = now()
    today = at.date() if at else moment.astimezone(ZoneInfo(zone)).date()
    share = serving_settings(ctx).global_control_share
    with opened_state(ctx) as state, Desk(shared.artifacts) as desk:
        runs = build(
            state,
            desk,
            read_release(shared.artifacts),
            today=today,
            at=moment,
            time_zone=zone,
            global_control=share,
        )
    shared.answer([run.document() for run in runs])
    for run in runs:
        if run.list is None:
            continue
        ledger = run.list.ledger
        shared.console.print(
            f"{run.name} of {run.due_on}: {run.list.id}, {ledger.selected:,} members, "
            f"{ledger.control:,} held out.",
            soft_wrap=True,
        )
    if not runs:
        shared.console.print(f"Nothing is due on {today}.")
    failed = [run for run in runs if run.list is None]
    if failed:
        told = "\n".join(f"  {run.name} of {run.due_on}: {run.problem}" for run in failed)
        raise NotAllBuiltError(f"{len(failed)} standing lists stay due:\n{told}")


standing = group("Standing lists: built whenever they are due, nobody reminded twice.")
standing.command("add")(verb(add))
standing.command("list")(verb(list_))
standing.command("remove")(verb(remove))
