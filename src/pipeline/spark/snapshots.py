"""Write the snapshots of some cut-offs with Spark, as `snapshot_store` would with DuckDB."""

import shutil
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from features.definition import KEYS, Feature, Unit
from pipeline.durable import whole_folder
from pipeline.fingerprint import definition_digest, digest
from pipeline.snapshot_store import Built, is_current, later, snapshot_folder, write_manifest
from pipeline.snapshot_table import newest_rows, snapshot_table
from pipeline.spark.seen import SparkGrains, SparkSeen
from pipeline.spark.session import Spark


def build_on_spark(
    opened: Spark,
    grains: SparkGrains,
    *,
    features: Sequence[Feature],
    cutoffs: Iterable[date],
    artifacts: Path,
    data: str,
    unit: Unit = "customer",
) -> Built:
    """Write one snapshot for each cut-off that is missing, or was made of other data.

    Columns and types are those that DuckDB writes; sums of doubles may differ in their last
    digits, because Spark adds in another order. What makes a snapshot out of date is coarser
    here: any change of the data.

    Parameters
    ----------
    opened : Spark
        The session.
    grains : SparkGrains
        Rows to count.
    features, cutoffs, artifacts, data, unit
        As `snapshot_store.build_snapshots` takes them.
    """
    available = grains.deliverable(features)
    definitions = {one.name: definition_digest(one) for one in available}
    version = digest("spark", data, list(definitions.values()))
    wanted = sorted(set(cutoffs))
    missing = [day for day in wanted if not is_current(artifacts, unit, day, version)]
    for day in missing:
        at = SparkSeen(grains, [day], keep=opened.kept)
        rows = snapshot_table(at, features=available, unit=unit)
        made = opened.folder / "snapshot"
        frame = opened.frame("snapshot", rows).orderBy(*KEYS[unit])
        frame.write.mode("overwrite").option("compression", "zstd").parquet(str(made))
        newest = later({}, opened.arrow(newest_rows(at, features=available)))
        with whole_folder(snapshot_folder(artifacts, unit, day)) as folder:
            for number, file in enumerate(sorted(made.glob("*.parquet"))):
                shutil.move(file, folder / f"part-{number}.parquet")
            write_manifest(
                folder,
                {
                    "unit": unit,
                    "as_of": day,
                    "version": version,
                    "data": data,
                    "newest": newest,
                    "codings": {},
                    "features": definitions,
                    "engine": "spark",
                },
            )
    return Built(tuple(missing), tuple(day for day in wanted if day not in missing))
