"""`shortlist validate`: hold tables against the contract."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shortlist.verb import context_of

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.quality import Quality


def validate(
    ctx: typer.Context,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DIR",
            help="Tables: a folder of Parquet or CSV, a DuckDB file or a PostgreSQL URL.",
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where to write tables/, quarantine/ and quality/; artifacts/validation of the "
            "project by default.",
        ),
    ] = None,
    max_quarantined_share: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Share of a table's rows that may be refused; as in params.yaml."
        ),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(help="Business time zone, such as Asia/Taipei; as the data or params.yaml."),
    ] = None,
) -> None:
    """Check tables row by row, set bad rows aside with their reasons, and report.

    Nothing is lost: every row read is accepted or quarantined.

    Exit codes: 0 accepted, 1 an error, such as a folder that is not there, 2 data refused: more
    than the tolerated share of a table was quarantined, or a table, a column or whole file
    cannot be used.

    Example: `shortlist validate data/export --json | jq .quarantined`
    """
    from pipeline.validate import require_passed, validate_source
    from shortlist.operations import now

    context = context_of(ctx)
    folder = to or context.artifacts / "validation"
    with context.console.status("reading tables") as status:
        quality = validate_source(
            data,
            folder,
            project=context.folder,
            now=now(),
            max_quarantined_share=max_quarantined_share,
            time_zone=time_zone,
            progress=lambda name: status.update(f"validating {name}"),
        )
    context.answer(quality.to_dict())
    context.console.print(quality_table(quality))
    for one in quality.tables:
        if one.past_retention:
            context.console.print(
                f"{one.table}: {one.past_retention:,} rows known before {one.kept_since} were not "
                "read: retention.tables in params.yaml.",
                highlight=False,
            )
    for finding in _findings(quality):
        context.console.print(finding, markup=False, highlight=False)
    context.console.print(f"Report: {folder / 'quality' / 'report.html'}", highlight=False)
    require_passed(quality, folder)


def quality_table(quality: "Quality") -> "Table":
    """Return the counts of every table."""
    from rich.table import Table

    shown = Table(title=f"Data quality of {quality.location}")
    for heading in ("table", "from"):
        shown.add_column(heading)
    for heading in ("read", "accepted", "quarantined", "share"):
        shown.add_column(heading, justify="right")
    for table in quality.tables:
        counts = (f"{n:,}" for n in (table.read, table.accepted, table.quarantined))
        share = f"{table.quarantined_share:.2%}"
        shown.add_row(
            table.table,
            table.origin,
            *counts,
            share,
            style="red" if table in quality.refused else None,
        )
    return shown


def _findings(quality: "Quality") -> list[str]:
    return [
        f"{table.origin}: {finding.column}: {finding.reason}: {finding.rows:,} rows. {finding.fix}."
        for table in quality.tables
        for finding in table.findings
    ]
