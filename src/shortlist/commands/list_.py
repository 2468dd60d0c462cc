"""`shortlist list`: build target lists, and look at them."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortlist.commands.standing import run_due, standing
from shortlist.operations import now, opened_state, serving_settings
from shortlist.verb import context_of, group, verb

if TYPE_CHECKING:
    from rich.table import Table

    from campaigns.ledger import Ledger
    from campaigns.target_list import TargetList

#: Columns that say the same of every member, or what the waterfall says.
_SAID_ABOVE = ("arm_probability",)
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
    from campaigns.building import build_list
    from campaigns.desk import Desk
    from campaigns.list_spec import read_spec
    from pipeline.release import read_release

    wanted = read_spec(spec)
    artifacts = context_of(ctx).artifacts
    share = serving_settings(ctx).global_control_share
    opening = context_of(ctx).console.status("Building the list")
    with opened_state(ctx) as state, Desk(artifacts) as desk, opening:
        release = read_release(artifacts)
        built = build_list(wanted, release, desk=desk, state=state, at=now(), global_control=share)
    _show(ctx, built.list)


def preview(
    ctx: typer.Context,
    *,
    spec: Annotated[
        Path, typer.Argument(metavar="SPEC.json", help="What is asked for; see `list build`.")
    ],
    language: Annotated[
        Language, typer.Option(help="In which language the request is told.")
    ] = Language.english,
) -> None:
    """Count a list without building it: who is left out for which reason, and what it costs.

    Example: `shortlist list preview examples/upgrade.json`
    """
    from campaigns.desk import Desk
    from campaigns.list_spec import read_spec
    from campaigns.preview import preview as preview_of
    from pipeline.release import read_release

    wanted = read_spec(spec)
    shared = context_of(ctx)
    share = serving_settings(ctx).global_control_share
    counting = shared.console.status("Counting")
    with opened_state(ctx) as state, Desk(shared.artifacts) as desk, counting:
        release = read_release(shared.artifacts)
        found = preview_of(wanted, release, desk=desk, state=state, at=now(), global_control=share)
    document = found.document()
    shared.console.print(document["told"][language.value], soft_wrap=True)
    shared.console.print(_waterfall(found.ledger))
    if found.cost is not None:
        shared.console.print(f"Cost {found.cost:,.0f}, expected value {found.expected_value:,.0f}.")
    if found.least_effect is not None:
        shared.console.print(
            f"The control shows a change of the share of outcomes of {found.least_effect:.2%} or "
            "more (95 % level, 80 % power)."
        )
    shared.answer(document)


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


def diff(
    ctx: typer.Context,
    *,
    before: Annotated[str, typer.Argument(metavar="A", help="Id of the earlier list.")],
    now: Annotated[str, typer.Argument(metavar="B", help="Id of the later list.")],
) -> None:
    """Tell what list B changed against list A: who joined, who left, and why.

    Example: `shortlist list diff list_2b7de0914cd27c3388aa list_5f0c9a4be1d27c3388aa`
    """
    from campaigns.differences import difference
    from campaigns.target_list import find_list

    shared = context_of(ctx)
    with opened_state(ctx) as state:
        earlier, later = find_list(state, before), find_list(state, now)
    found = difference(shared.artifacts, later, earlier)
    say = shared.console.print
    say(f"{found.joined:,} joined{_counted(found.joined_from, 'before')}", soft_wrap=True)
    say(f"{found.left:,} left{_counted(found.left_for, 'now')}", soft_wrap=True)
    say(f"{found.stayed:,} stayed, {found.reranked:,} of them at another rank")
    causes = ", ".join(one.replace("_", " ") for one in found.causes) or "nothing differs"
    fields = f" ({', '.join(found.spec_changes)})" if found.spec_changes else ""
    say(f"Because of: {causes}{fields}", soft_wrap=True)
    shared.answer({"list_id": now, "against": before, **found.document()})


class ExportFormat(StrEnum):
    """A form of files."""

    parquet = "parquet"
    csv = "csv"
    ndjson = "ndjson"
    labels = "labels"


def export(
    ctx: typer.Context,
    *,
    list_id: Annotated[str, typer.Argument(metavar="ID", help="Its id.")],
    to: Annotated[Path, typer.Option(help="File to write.")],
    form: Annotated[
        ExportFormat, typer.Option("--format", help="`labels` is CSV for the post.")
    ] = ExportFormat.csv,
    field: Annotated[
        list[str] | None, typer.Option(help="Column; repeat for several. All but reasons.")
    ] = None,
    bom: Annotated[bool, typer.Option(help="Begin CSV with a mark that Excel likes.")] = False,
) -> None:
    """Write the members of a list who may still be contacted to a file.

    Consents, suppressions and contacts are read again; who was held out is never exported.

    Example: `shortlist list export list_5f0c9a4be1d27c3388aa --format csv --to spring.csv`
    """
    import secrets
    import shutil

    from campaigns.exports import ExportSpec, export_folder, write_export
    from campaigns.target_list import find_list
    from pipeline.durable import whole_file

    shared = context_of(ctx)
    wanted = {"format": form.value, "bom": bom} | ({"fields": tuple(field)} if field else {})
    with opened_state(ctx) as state:
        made = write_export(
            find_list(state, list_id),
            ExportSpec.model_validate(wanted),
            artifacts=shared.artifacts,
            state=state,
            at=now(),
            identity=f"export_{secrets.token_hex(10)}",
        )
    folder = export_folder(shared.artifacts, list_id, made.id)
    with whole_file(to) as draft:
        shutil.copyfile(folder / made.files[0].name, draft)
    say = shared.console.print
    say(f"{made.rows:,} of {made.members:,} members written to {to}", soft_wrap=True)
    for reason, number in {**made.removed, **made.without_label}.items():
        say(f"- {number:,} left out: {reason.replace('_', ' ')}")
    if made.without_label:
        say(f"Who has no label: {folder / made.files[1].name}", soft_wrap=True)
    shared.answer({**made.document(), "file": str(to)})


def _counted(outcomes: dict[str, int], when: str) -> str:
    told = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in outcomes.items())
    return f": {told} {when}" if told else ""


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
        f"{found.id}: {ledger.selected:,} of {ledger.base:,} customers known at {found.as_of}, "
        + (f"by {found.model} version {found.version}." if found.model else "by conditions alone."),
        soft_wrap=True,
    )
    shared.console.print(_waterfall(ledger))
    shared.console.print(f"Members: {path}", soft_wrap=True)
    best = read_members(
        shared.artifacts, found.id, found.members, after=0, limit=_SHOWN, reasons=True
    )
    best = best.drop_columns([name for name in _SAID_ABOVE if name in best.column_names])
    table = Table(*best.column_names)
    for row in best.to_pylist():
        table.add_row(*(_cell(value, language) for value in row.values()))
    shared.console.print(table)


def _waterfall(ledger: "Ledger") -> "Table":
    from rich.table import Table

    table = Table("", "customers", "left")
    table.columns[1].justify = table.columns[2].justify = "right"
    left = ledger.base
    table.add_row("known", f"{left:,}", f"{left:,}")
    for reason, number in ledger.excluded.items():
        if reason == "below_cut_off":
            continue
        left -= number
        table.add_row(f"- {reason.replace('_', ' ')}", f"{number:,}", f"{left:,}")
    below = ledger.excluded.get("below_cut_off", 0)
    table.add_row("- below the cut-off", f"{below:,}", f"{left - below:,}")
    table.add_row("- control, held out at random", f"{ledger.control:,}", f"{ledger.selected:,}")
    return table


def _cell(value: Any, language: Language) -> str:
    if isinstance(value, dict):
        return "\n".join(reason[language.value] for reason in value["strongest"])
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def schema(ctx: typer.Context) -> None:
    """Print the JSON Schema of a request, for editors and other programs.

    Example: `shortlist list schema > list.schema.json`
    """
    import json

    from campaigns.list_spec import json_schema

    shared = context_of(ctx)
    if shared.json:
        shared.answer(json_schema())
        return
    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")


list_ = group("Target lists: build them, and look at them.")
list_.command("build")(verb(build))
list_.command("preview")(verb(preview))
list_.command("schema")(verb(schema))
list_.command("show")(verb(show))
list_.command("run-due")(verb(run_due))
list_.add_typer(standing, name="standing")
list_.command("diff")(verb(diff))
list_.command("export")(verb(export))
