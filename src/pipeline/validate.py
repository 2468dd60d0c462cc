"""Hold the ingested tables against the contract: accept, quarantine, count."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ibis
import ibis.expr.types as ir
from rich.console import Console

from features.table import Table
from features.tables import TABLES
from pipeline.durable import whole_folder
from pipeline.ingest import MANIFEST
from pipeline.project import open_project
from pipeline.quality import Quality, TableQuality, write_report
from pipeline.sift import Sieve, sift
from pipeline.sources.definition import BOOKKEEPING
from pipeline.stage import run_stage


class ContractError(ValueError):
    """The tables are not what the contract asks for: what is missing, and how to fix it."""

    exit_code = 2


class _RefusedError(Exception):
    """Keeps refused tables from replacing those of an earlier validation."""


def validate(
    folder: Path,
    to: Path,
    *,
    time_zone: str,
    now: datetime,
    delays: Mapping[str, timedelta] | None = None,
    max_quarantined_share: float = 0.01,
    progress: Callable[[str], None] = lambda _: None,
) -> Quality:
    """Write accepted rows to `tables`, the others to `quarantine`, and the report to `quality`.

    Every row that was read is either accepted or quarantined with all its reasons. Rows are
    judged by the columns and rules of their table and by the accepted rows of the tables that
    they refer to; of rows with the same key the first one that breaks no rule stays. `tables`
    is left as it was if the report refuses the data.

    Parameters
    ----------
    folder : Path
        What `ingest` wrote: one `NAME.parquet` per table.
    to : Path
        Where the folders `tables`, `quarantine` and `quality` are written, each whole.
    time_zone : str
        Business time zone; dates are local there.
    now : datetime
        The moment of the check, with a time zone; facts cannot lie later.
    delays : mapping, optional
        By table, how long after `event_time` a row is known where `available_time` is missing;
        at once for a table that is not named.
    max_quarantined_share : float
        Share of a table's rows that may be quarantined, in [0, 1].
    progress : callable
        Is told the name of each table as its turn comes.

    Returns
    -------
    Quality
        `passed` says whether the accepted rows may be used.

    Raises
    ------
    ContractError
        If a required table or column is missing, or a required table is empty.
    """
    manifest = _manifest(folder)
    delivered = [table for table in _referenced_first(TABLES) if table.table_name in manifest]
    connection = ibis.duckdb.connect()
    _require(connection, folder, manifest)
    known: dict[str, ir.Column] = {}
    sieve = Sieve(connection=connection, time_zone=time_zone, now=now, known=known)
    found: list[TableQuality] = []
    with whole_folder(to / "quarantine") as quarantine, whole_folder(to / "quality") as report:
        with suppress(_RefusedError), whole_folder(to / "tables") as tables:
            for table in delivered:
                name = table.table_name
                progress(name)
                found.append(
                    sift(
                        folder / f"{name}.parquet",
                        table,
                        origin=manifest[name],
                        sieve=sieve,
                        delay=(delays or {}).get(name, timedelta()),
                        accepted_to=tables / f"{name}.parquet",
                        quarantine_to=quarantine / f"{name}.parquet",
                    )
                )
                accepted = connection.read_parquet(tables / f"{name}.parquet")
                known |= {f"{name}.{column}": accepted[column] for column in accepted.columns}
            quality = Quality(
                location=str(folder),
                checked_at=now.astimezone(UTC).isoformat(),
                max_quarantined_share=max_quarantined_share,
                tables=tuple(found),
                notices=tuple(
                    f"{table.table_name} was not delivered: what needs it is left out"
                    for table in TABLES
                    if table.table_name not in manifest
                ),
            )
            if not quality.passed:
                raise _RefusedError
        write_report(quality, report)
    connection.disconnect()
    return quality


def _manifest(folder: Path) -> dict[str, str]:
    """Return the origin of every ingested table, by name."""
    origins: dict[str, str] = json.loads((folder / MANIFEST).read_text("utf-8"))["origins"]
    return origins


def _require(connection: ibis.BaseBackend, folder: Path, manifest: Mapping[str, str]) -> None:
    """Raise one error that names everything without which the data are of no use."""
    problems = []
    for table in TABLES:
        name = table.table_name
        if name not in manifest:
            if table.required:
                problems.append(
                    f"{name} is missing: deliver {name}.parquet or {name}.csv, or map the file "
                    "that holds it (`shortlist import tables DIR --suggest`)"
                )
            continue
        rows = connection.read_parquet(folder / f"{name}.parquet")
        for column in table.columns():
            if not column.nullable and column.name not in rows.columns:
                found = ", ".join(c for c in rows.columns if c not in BOOKKEEPING) or "none"
                problems.append(
                    f"{manifest[name]} has no column `{column.name}` ({column.description}) "
                    f"Columns found: {found}. Add it, or map the column that holds it "
                    "(`shortlist import tables DIR --suggest`)"
                )
        if table.required and not int(connection.execute(rows.count())):
            problems.append(f"{manifest[name]} holds no row: export it again")
    if problems:
        raise ContractError("\n".join(problems))


def _referenced_first(tables: tuple[type[Table], ...]) -> Iterator[type[Table]]:
    """Yield every table after those that its columns refer to."""
    done: set[str] = set()
    waiting = list(tables)
    while waiting:
        for table in waiting:
            targets = {c.references.partition(".")[0] for c in table.columns() if c.references}
            if targets <= done:
                done.add(table.table_name)
                waiting.remove(table)
                yield table
                break
        else:
            names = ", ".join(table.table_name for table in waiting)
            raise ContractError(f"the tables {names} refer to each other in a circle")


def main(folder: Path = Path()) -> None:
    """Validate what was ingested for the run.

    Raises
    ------
    ContractError
        If more rows than declared break the contract.
    """
    project = open_project(folder)
    rules, artifacts = project.params.validation, project.artifacts
    with Console(stderr=True).status("validate") as status:
        quality = validate(
            artifacts / "ingested",
            artifacts,
            time_zone=project.params.time_zone,
            now=project.run.requested_at,
            delays={name: timedelta(hours=h) for name, h in rules.available_after_hours.items()},
            max_quarantined_share=rules.max_quarantined_share,
            progress=lambda name: status.update(f"validate: {name}"),
        )
    if not quality.passed:
        raise ContractError(
            f"more than {rules.max_quarantined_share:.1%} of the rows of a table break the "
            f"contract. {artifacts / 'quality' / 'report.html'} says which and why; the rows are "
            f"kept in {artifacts / 'quarantine'}. Mend the data, or raise "
            "validation.max_quarantined_share."
        )


if __name__ == "__main__":
    run_stage(main)
