"""Hold the ingested tables against the contract: accept, quarantine, count."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from features.table import Table
from features.tables import TABLES
from pipeline.durable import scratch_folder, whole_folder
from pipeline.engine import engine
from pipeline.ingest import Ingested, ingest, read_manifest
from pipeline.kept_since import Kept, kept_rows
from pipeline.leftovers import discard
from pipeline.params import ParamsError, ValidationParams, read_params
from pipeline.project import open_project
from pipeline.quality import Quality, TableQuality, write_report
from pipeline.requirements import ContractError, require_tables
from pipeline.sift import Sieve, sift
from pipeline.sifted_parts import SIFTED, sift_parts
from pipeline.sources.about import describe
from pipeline.stage import run_stage


class TooManyQuarantinedError(ContractError):
    """More rows of a table break the contract than are tolerated."""


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
    memory: Path | None = None,
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
    memory : Path, optional
        Where what became of each file is kept, of tables that come in several: only new files
        are then read.
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
    ParamsError
        If there is no such time zone.
    SourceError
        If a file is damaged.
    """
    _require_zone(time_zone)
    manifest = read_manifest(folder)
    with (
        engine(to, in_order=True) as connection,
        whole_folder(to / "quarantine") as quarantine,
        whole_folder(to / "quality") as report,
    ):
        require_tables(connection, folder, manifest.origins, past=manifest.past_retention)
        with suppress(_RefusedError), whole_folder(to / "tables") as tables:
            sieve = Sieve(
                connection=connection,
                ingested=folder,
                tables=tables,
                quarantine=quarantine,
                time_zone=time_zone,
                now=now,
                delays=delays or {},
            )
            found = []
            for table in _referenced_first(TABLES):
                if table.table_name in manifest.origins:
                    progress(table.table_name)
                    found.append(_sifted(table, sieve, manifest, memory))
            quality = Quality(
                location=manifest.location,
                checked_at=now.astimezone(UTC).isoformat(),
                max_quarantined_share=max_quarantined_share,
                tables=tuple(found),
                notices=tuple(_absences(manifest)),
            )
            if not quality.passed:
                raise _RefusedError
        write_report(quality, report)
    return quality


def _sifted(
    table: type[Table], sieve: Sieve, manifest: Ingested, memory: Path | None
) -> TableQuality:
    name = table.table_name
    if (sieve.ingested / f"{name}.parquet").is_dir():
        found = sift_parts(table, sieve, origin=manifest.origins[name], memory=memory)
    else:
        found = sift(table, sieve, origin=manifest.origins[name])
        if memory is not None:
            discard(memory / name)  # of files in which it came before
    return replace(
        found,
        past_retention=manifest.past_retention.get(name, 0),
        kept_since=manifest.kept_since.get(name),
    )


def _require_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ParamsError(f"{name} is no time zone; write one as Asia/Taipei") from error


def _absences(manifest: Ingested) -> Iterator[str]:
    for table in TABLES:
        if table.table_name not in manifest.origins:
            yield f"{table.table_name}: what needs it is left out"
    for origin in manifest.ignored:
        yield f"{origin} is not used: no table of ours has that name"


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
    TooManyQuarantinedError
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
            memory=artifacts / SIFTED,
            progress=lambda name: status.update(f"validate: {name}"),
        )
    require_passed(quality, artifacts)


def validate_source(
    location: str,
    to: Path,
    *,
    project: Path,
    now: datetime,
    max_quarantined_share: float | None = None,
    time_zone: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Quality:
    """Ingest and validate what lies at a location, without touching a run's artefacts.

    What is not given is taken from what the data say of themselves, then from the project's
    `params.yaml`, then from the defaults there are.

    Parameters
    ----------
    location : str
        A folder of Parquet or CSV files, a DuckDB file, or a PostgreSQL URL.
    to : Path
        Where the folders `tables`, `quarantine` and `quality` are written.
    project : Path
        Folder that may hold a `params.yaml`.
    now, max_quarantined_share, time_zone, progress
        As for `validate`.

    Raises
    ------
    SourceError
        If nothing is there, or what is there cannot be read.
    ContractError
        If a required table or column is missing, or a required table is empty.
    """
    about = describe(location)
    params = read_params(project) if (project / "params.yaml").exists() else None
    rules = params.validation if params else ValidationParams()
    zone = time_zone or about.get("time_zone") or (params.time_zone if params else "UTC")
    share = rules.max_quarantined_share if max_quarantined_share is None else max_quarantined_share
    ours = params.model_copy(update={"time_zone": zone}) if params else None
    kept = kept_rows(ours, at=now) if ours else Kept()
    to.mkdir(parents=True, exist_ok=True)
    with scratch_folder(to / "delivery") as scratch:
        ingested = scratch / "ingested"
        ingest(location, ingested, kept=kept)
        return validate(
            ingested,
            to,
            time_zone=zone,
            now=now,
            delays={name: timedelta(hours=h) for name, h in rules.available_after_hours.items()},
            max_quarantined_share=share,
            progress=progress,
        )


def require_passed(quality: Quality, folder: Path) -> None:
    """Raise an error that names every table of which too much was quarantined.

    Parameters
    ----------
    quality : Quality
        What `validate` returned.
    folder : Path
        Where it wrote.

    Raises
    ------
    TooManyQuarantinedError
        If the accepted rows may not be used.
    """
    if quality.passed:
        return
    lines = [
        f"{table.origin}: {table.quarantined:,} of {table.read:,} rows "
        f"({table.quarantined_share:.1%}) break the contract, and "
        f"{quality.max_quarantined_share:.1%} are tolerated. Most often: "
        + "; ".join(f"{f.column} {f.reason} ({f.rows:,} rows): {f.fix}" for f in table.worst)
        for table in quality.refused
    ]
    raise TooManyQuarantinedError(
        "\n".join(lines) + f"\nAll reasons: {folder / 'quality' / 'report.html'}. The rows: "
        f"{folder / 'quarantine'}. Mend the data, or raise validation.max_quarantined_share."
    )


if __name__ == "__main__":
    run_stage(main)
