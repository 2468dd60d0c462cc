"""Bring the retailer's tables under our names, one Parquet file each; drop nothing."""

from dataclasses import dataclass
from pathlib import Path

from features.tables import TABLE_BY_NAME
from pipeline.durable import whole_folder, write_json
from pipeline.params import read_run
from pipeline.sources.definition import SourceError
from pipeline.sources.open import open_source
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
    """

    location: str
    origins: dict[str, str]
    ignored: tuple[str, ...]


def ingest(location: str, to: Path) -> Ingested:
    """Copy every declared table found at `location` into `to/NAME.parquet`.

    Values keep the types in which they were delivered; a CSV delivers texts. Whether they can
    be read is for `validate` to say, so that a bad cell costs a row and not the run.

    Parameters
    ----------
    location : str
        A folder of Parquet or CSV files, a DuckDB file, or a PostgreSQL URL.
    to : Path
        The folder to write, whole; an existing one is replaced.

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
            delivery.write(draft / f"{name}.parquet")
            origins[name] = delivery.origin
        found = Ingested(source.location, origins, tuple(ignored))
        write_json(
            draft / MANIFEST, {"location": found.location, "origins": origins, "ignored": ignored}
        )
    return found


def main(folder: Path = Path()) -> None:
    """Ingest the data that the run was asked for."""
    artifacts = folder / "artifacts"
    ingest(read_run(folder).data, artifacts / "ingested")


if __name__ == "__main__":
    run_stage(main)
