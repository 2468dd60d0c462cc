"""`shortlist list`: build target lists, and look at them."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortlist.operations import now, opened_state
from shortlist.verb import context_of, group, verb

if TYPE_CHECKING:
    from campaigns.target_list import TargetList

#: How many members a person is shown.
_SHOWN = 10


class Language(StrEnum):
    """A language that reasons are told in."""

    english = "en"
    chinese = "zh-TW"


def build(
    ctx: typer.Context,
    *,
    spec: Annotated[
        Path,
        typer.Argument(
            metavar="SPEC.json",
            help='What is asked for, such as {"model": "customer_activity", "size": 1000}.',
        ),
    ],
) -> None:
    """Freeze a list of the best customers of a live model.

    The same request on the same release gives the same list.

    Example: `shortlist list build winback.json`
    """
    from campaigns.list_spec import read_spec
    from campaigns.target_list import build_list
    from pipeline.release import read_release

    wanted = read_spec(spec)
    artifacts = context_of(ctx).artifacts
    with opened_state(ctx) as state:
        live = read_release(artifacts).live(wanted.model)
        built = build_list(wanted, live, artifacts=artifacts, state=state, at=now())
    _show(ctx, built.list)


def show(
    ctx: typer.Context,
    *,
    list_id: Annotated[str, typer.Argument(metavar="ID", help="Its id.")],
    language: Annotated[
        Language, typer.Option(help="In which language reasons are told.")
    ] = Language.english,
) -> None:
    """Show where a list came from, who was left out, and its best members with their reasons.

    Example: `shortlist list show list_5f0c9a4be1d27c3388aa`
    """
    from campaigns.target_list import find_list

    with opened_state(ctx) as state:
        found = find_list(state, list_id)
    _show(ctx, found, language=language)


def _show(
    ctx: typer.Context, found: "TargetList", *, language: Language = Language.english
) -> None:
    from rich.table import Table

    from campaigns.members import members_path, read_members

    shared = context_of(ctx)
    path = members_path(shared.artifacts, found.id)
    if shared.json:
        shared.answer({**found.document(), "members_file": str(path)})
        return
    ledger = found.ledger
    shared.console.print(
        f"{found.id}: {ledger.selected:,} of {ledger.base:,} customers known at {found.as_of}, by "
        f"{found.spec.model} version {found.version}.\n"
        f"Left out: {ledger.not_eligible:,} not eligible, {ledger.below_cut_off:,} below the "
        f"cut-off.\nMembers: {path}",
        soft_wrap=True,
    )
    best = read_members(
        shared.artifacts, found.id, found.members, after=0, limit=_SHOWN, reasons=True
    )
    table = Table(*best.column_names)
    for row in best.to_pylist():
        table.add_row(*(_cell(value, language) for value in row.values()))
    shared.console.print(table)


def _cell(value: Any, language: Language) -> str:
    if isinstance(value, dict):
        return "\n".join(reason[language.value] for reason in value["strongest"])
    return f"{value:.4f}" if isinstance(value, float) else str(value)


list_ = group("Target lists: build them, and look at them.")
list_.command("build")(verb(build))
list_.command("show")(verb(show))
