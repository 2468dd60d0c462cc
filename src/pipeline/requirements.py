"""Without what tables are of no use: their files, their columns, a first row."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir

from features.table import Table
from features.tables import TABLES
from pipeline.exit_codes import ExitCode
from pipeline.live_tables import table_files
from pipeline.sources.definition import BOOKKEEPING, SourceError


class ContractError(ValueError):
    """The tables are not what the contract asks for: what is missing, and how to fix it."""

    exit_code = ExitCode.UNUSABLE


def require_tables(
    connection: ibis.BaseBackend,
    folder: Path,
    origins: Mapping[str, str],
    *,
    past: Mapping[str, int] | None = None,
) -> None:
    """Raise one error that names everything that is missing.

    Parameters
    ----------
    folder : Path
        What was ingested: one `NAME.parquet` per table.
    origins : mapping
        What messages call the file of each table; by name of the table.
    past : mapping, optional
        How many rows of a table were left out because they are too old.

    Raises
    ------
    ContractError
        If a required table is missing or empty, or any table lacks a column.
    """
    problems: list[str] = []
    for table in TABLES:
        name = table.table_name
        if name in origins:
            files = table_files(folder / f"{name}.parquet")
            rows = connection.read_parquet(files, union_by_name=True)
            problems += missing_columns(rows, table, origin=origins[name])
            if table.required and not int(connection.execute(rows.count())):
                too_old = (past or {}).get(name)
                problems.append(
                    f"{origins[name]}: none of {too_old:,} rows is young enough to be kept: "
                    f"deliver newer ones, or raise retention.tables.{name} in params.yaml"
                    if too_old
                    else f"{origins[name]} holds no row: export it again"
                )
        elif table.required:
            problems.append(
                f"{name} is missing: deliver {name}.parquet or {name}.csv, or map the file "
                "that holds it (`shortlist import tables DIR --suggest`)"
            )
    if problems:
        raise ContractError("\n".join(problems))


def missing_columns(rows: ir.Table, table: type[Table], *, origin: str) -> Iterator[str]:
    """Yield a message for every column that cannot be null and was not delivered."""
    found = ", ".join(name for name in rows.columns if name not in BOOKKEEPING) or "none"
    for column in table.columns():
        if not column.nullable and column.name not in rows.columns:
            yield (
                f"{origin} has no column `{column.name}` ({column.description}) Columns found: "
                f"{found}. Add it, or map the column that holds it (`shortlist import tables DIR "
                "--suggest`)"
            )


@contextmanager
def readable(file: Path, *, origin: str) -> Iterator[None]:
    """Say of a file that it cannot be read; any other failure is a defect of ours."""
    try:
        yield
    except duckdb.Error as error:
        if _reads_to_the_end(file):
            raise
        raise SourceError(
            f"{origin} is damaged: its rows cannot be read to the end. Either it was cut or "
            "changed after it was written, or it holds a time hundreds of thousands of years "
            "away. Export it again."
        ) from error


def _reads_to_the_end(file: Path) -> bool:
    with duckdb.connect() as connection:
        try:
            connection.execute("SELECT max(hash(COLUMNS(*))) FROM read_parquet(?)", [str(file)])
        except duckdb.Error:
            return False
    return True
