"""`shortlist features`: what is known about customers, and what one feature says."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortlist.verb import AsJson, Project, context_of, settle, verb

if TYPE_CHECKING:
    from rich.table import Table

    from features.about import About
    from pipeline.feature_profile import Profile

features = typer.Typer(
    help="Everything that is known about a customer, a product or a day.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


@features.callback()
def list_features(ctx: typer.Context, project: Project = None, *, as_json: AsJson = False) -> None:
    """List every feature with its unit and its labels.

    Example: `shortlist features`
    """
    settle(ctx, project, as_json=as_json)
    if ctx.invoked_subcommand is not None:
        return
    from rich.table import Table

    from features.about import theme_of, unit_of
    from features.catalogue import catalogue
    from features.codings import CODED
    from features.definition import Coded, Feature

    context = context_of(ctx)
    found: list[Feature | Coded] = [
        *catalogue("customer", "product", "time").values(),
        *CODED.values(),
    ]
    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "of": unit_of(one),
            "unit": one.unit,
            "en": one.label["en"],
            "zh-TW": one.label["zh-TW"],
            "theme": theme_of(one),
            "tables": [] if isinstance(one, Coded) else list(one.grain.sources),
        }
        for one in found
    ]
    table = Table(title=f"{len(rows)} features", caption="shortlist features show NAME")
    for heading in ("name", "of", "unit", "en", "zh-TW"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "name")
    for row in rows:
        table.add_row(*(str(row[str(column.header)]) for column in table.columns))
    context.console.print(table)
    context.answer(rows)


def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A feature, such as days_since_last_purchase.")],
) -> None:
    """Say what a feature means and reads, and what it looks like on the newest snapshot.

    Example: `shortlist features show days_since_last_purchase`
    """
    from features.about import about, unit_of
    from features.catalogue import find_feature

    context = context_of(ctx)
    feature = find_feature(name)
    said, looks = about(feature), _profile_of(context.artifacts, feature)
    context.console.print(_page(said, looks))
    context.answer(
        {
            **said._asdict(),
            "of": unit_of(feature),
            "snapshot": None if looks is None else looks._asdict(),
        }
    )


features.command("show")(verb(show))


def _profile_of(artifacts: Path, feature: Any) -> "Profile | None":
    from pipeline.engine import engine
    from pipeline.feature_profile import profile
    from pipeline.snapshot_store import SnapshotError

    if not (artifacts / "snapshots").exists():
        return None
    with engine(artifacts) as connection, suppress(SnapshotError):
        return profile(connection, artifacts, feature)
    return None


def _page(said: "About", looks: "Profile | None") -> "Table":
    from rich.table import Table

    table = Table(title=said.name, show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("label", f"{said.label['en']} / {said.label['zh-TW']}")
    table.add_row("says", said.description)
    table.add_row("unit", said.unit)
    table.add_row("null", said.null)
    table.add_row("counts", said.counts)
    for name, columns in said.reads.items():
        table.add_row("reads", f"{name}: {', '.join(columns)}")
    table.add_row("purpose class", said.purpose)
    if looks is None:
        table.add_row("snapshot", "none has it yet; `shortlist run` builds one")
        return table
    table.add_row("snapshot", f"{looks.as_of}, {looks.rows:,} rows")
    table.add_row("coverage", f"{looks.known_share:.1%} known, {looks.distinct:,} distinct values")
    for key, value in looks.numbers.items():
        table.add_row(key, f"{value:.1%}" if key == "zero_share" else f"{value:,.4g}")
    for text, share in looks.texts.items():
        table.add_row(text, f"{share:.1%}")
    return table
