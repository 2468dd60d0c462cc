"""Bring the retailer's tables under our names, one Parquet file each; drop nothing."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from features.tables import TABLE_BY_NAME
from pipeline.durable import whole_file, whole_folder, write_json
from pipeline.engine import engine
from pipeline.forgotten import Forgotten, leave_out_forgotten, read_forgotten
from pipeline.kept_since import Kept, kept_in
from pipeline.live_tables import table_files
from pipeline.params import read_params, read_run
from pipeline.past_rows import leave_out_past_rows
from pipeline.sources.definition import Delivery, SourceError
from pipeline.sources.open import open_source
from pipeline.sources.parquet_file import ParquetFile, ParquetFolder
from pipeline.stage import run_stage

#: Says where each ingested table came from.
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Ingested:
    """What was read.

    Attributes
    ----------
    location : str
        Where from.
    origins : dict
        By table, the file or table it was read from.
    ignored : tuple of str
        What lies there under a name that no table has.
    kept_since : dict
        By table that is kept for a limited time, the first day of the rows that were taken in.
    past_retention : dict
        By such a table, how many older rows were not.
    """

    location: str
    origins: dict[str, str]
    ignored: tuple[str, ...]
    kept_since: dict[str, date] = field(default_factory=dict)
    past_retention: dict[str, int] = field(default_factory=dict)


def ingest(
    location: str, to: Path, *, forgotten: Forgotten | None = None, kept: Kept | None = None
) -> Ingested:
    """Copy every declared table found at `location` into `to/NAME.parquet`.

    Facts that come in several Parquet files stay in as many, in a folder of that name, so that a
    new day is one more file and no other is touched.
    Values keep the types in which they were delivered; a CSV delivers texts. Whether they can
    be read is for `validate` to say, so that a bad cell costs a row and not the run.

    Parameters
    ----------
    location : str
        A folder of Parquet or CSV files, a DuckDB file, or a PostgreSQL URL.
    to : Path
        The folder to write, whole; an existing one is replaced.
    forgotten : Forgotten, optional
        Whose rows are left out.
    kept : Kept, optional
        Which rows are young enough to be taken in; all others are only counted.

    Raises
    ------
    SourceError
        If nothing is there, or what is there cannot be read.
    """
    source = open_source(location)
    origins: dict[str, str] = {}
    ignored = []
    with whole_folder(to) as draft:
        for delivery in source.deliveries:
            name = delivery.name.lower()
            if name not in TABLE_BY_NAME:
                ignored.append(delivery.origin)
                continue
            if name in origins:
                raise SourceError(
                    f"{name} is delivered twice: by {origins[name]} and by {delivery.origin}. "
                    "Remove one."
                )
            declared = tuple(TABLE_BY_NAME[name].schema())
            for one, path in _in_parts(delivery, draft / f"{name}.parquet", declared):
                path.parent.mkdir(exist_ok=True)
                write_delivery(one, path, declared=declared)
                leave_out_forgotten(path, forgotten or Forgotten())
            origins[name] = delivery.origin
        kept = kept or Kept()
        since = {name: day for name, day in kept.since.items() if name in origins}
        past = _left_out(draft, kept._replace(since=since))
        found = Ingested(source.location, origins, tuple(ignored), since, past)
        write_json(draft / MANIFEST, asdict(found))
    return found


def _left_out(draft: Path, kept: Kept) -> dict[str, int]:
    """Leave out the rows that are too old; return how many went, by table."""
    past: dict[str, int] = {}
    if not kept.since:
        return past
    with engine(draft.parent, in_order=True) as connection:
        for name in kept.since:
            files = table_files(draft / f"{name}.parquet")
            gone = [leave_out_past_rows(connection, one, name, kept, numbered=True)
                    for one in files]  # fmt: skip
            past[name] = sum(gone)
            # A file that grew too old is none; the last one stays to say which columns there are.
            for path, rows in zip(files[:-1], gone, strict=False):
                if rows and not pq.read_metadata(path).num_rows:
                    path.unlink()
    return past


def _in_parts(
    delivery: Delivery, to: Path, declared: tuple[str, ...]
) -> Iterator[tuple[Delivery, Path]]:
    """Yield what to write, and where: facts by the file, in their order, all else as one."""
    files = delivery.files() if isinstance(delivery, ParquetFolder) else []
    if len(files) < 2 or "event_time" not in declared:  # noqa: PLR2004 - several
        yield delivery, to
        return
    for number, file in enumerate(files):
        yield ParquetFile(file, delivery.name), to / f"{number:05}-{file.name}"


def read_manifest(folder: Path) -> Ingested:
    """Return what `ingest` wrote into a folder.

    Raises
    ------
    SourceError
        If it wrote nothing there.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise SourceError(f"{folder} was not ingested: {MANIFEST} is missing there.")
    found = json.loads(path.read_text(encoding="utf-8"))
    # Manifests from before there were limits name none.
    kept_since = found.get("kept_since", {})
    since = {name: date.fromisoformat(day) for name, day in kept_since.items()}
    return Ingested(
        found["location"],
        found["origins"],
        tuple(found["ignored"]),
        since,
        found.get("past_retention", {}),
    )


def write_delivery(delivery: Delivery, to: Path, *, declared: tuple[str, ...]) -> None:
    """Write the rows; columns that differ from ours in letter case or blanks get our names."""
    delivery.write(to)
    ours = {name: name.strip().lower() for name in delivery.columns()}
    renamed = {theirs: name for theirs, name in ours.items() if name in declared and name != theirs}
    if not renamed:
        return
    twice = sorted({name for name in renamed.values() if list(ours.values()).count(name) > 1})
    if twice:
        raise SourceError(
            f"{delivery.origin}: the column {', '.join(twice)} appears more than once (letter case "
            "does not count). Rename or remove one."
        )
    with engine(to.parent, in_order=True) as connection, whole_file(to) as draft:
        rows = connection.read_parquet(to)
        connection.to_parquet(rows.rename({name: old for old, name in renamed.items()}), draft)


def main(folder: Path = Path()) -> None:
    """Ingest the data that the run was asked for."""
    artifacts = folder / "artifacts"
    run = read_run(folder)
    kept = kept_in(read_params(folder, overrides=run.overrides), run)
    ingest(run.data, artifacts / "ingested", forgotten=read_forgotten(artifacts), kept=kept)


if __name__ == "__main__":
    run_stage(main)
