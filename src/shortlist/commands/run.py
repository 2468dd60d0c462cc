"""`shortlist run`: from tables to a released score set."""

from typing import Annotated

import typer

from shortlist.verb import context_of


def run(
    ctx: typer.Context,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Tables: a folder of Parquet or CSV, a DuckDB file or a PostgreSQL URL. "
            "The last one by default.",
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Scoring cut-off, such as 2026-06-30: nothing known on or after it is seen. "
            "The day after the newest row by default.",
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A value that stands above params.yaml for this run; may be repeated.",
        ),
    ] = None,
) -> None:
    """Turn tables into snapshots, models and a released score set.

    Nothing that is up to date is done again. A folder without a project becomes one.

    Example: `shortlist run --data data/online-retail --as-of 2011-11-30`
    """
    print(data, as_of, overrides, context_of(ctx))
