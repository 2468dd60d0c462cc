"""One snapshot of all customer features by DuckDB and by Spark, from the same definitions.

Run `python benchmarks/spark.py`. Both read the same drawn tables, each in a process of its own on
two cores; every column is compared. Drawing is not timed.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from feature_catalogue import AS_OF, draw
from record import absent, record, sized, table

from features.catalogue import catalogue
from models.customer_activity import customer_activity
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.grain_store import Grains
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.snapshot_store import build_snapshots, read_snapshot, snapshot_folder
from pipeline.spark.session import SparkMissingError, require_spark

TITLE = "One snapshot on DuckDB and on Spark"
ZONE = "Asia/Taipei"
TOLERANCE = 1e-9


def main() -> None:
    """Draw, build twice, compare, record."""
    options = _options()
    try:
        require_spark()
    except SparkMissingError as error:
        absent(str(error))
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        root = Path(folder)
        draw(root / "tables", options.customers, options.lines_each)
        jobs = {"duckdb": by_duckdb, "spark": by_spark}
        taken = {}
        for name, job in jobs.items():
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                taken[name] = pool.apply(job, (root / "tables", root / name))
            print(name, taken[name], flush=True)
        compared = compare(root / "duckdb", root / "spark")
        learned(root / "duckdb", root / "learner")
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            taken["spark, scores"] = pool.apply(scored_alike, (root / "spark", root / "learner"))
    if compared["apart"] > TOLERANCE:
        raise SystemExit(f"a value differs by {compared['apart']:.1e} of itself")
    body = _body(options, taken, compared)
    print(body)
    if options.record:
        record("spark", TITLE, body, packages=("duckdb", "pyspark", "ibis-framework"))


def by_duckdb(tables: Path, artifacts: Path) -> tuple[float, float]:
    """Build with DuckDB as the snapshot stage does, on one thread; return wall and CPU seconds."""
    began, cpu = time.perf_counter(), time.process_time()
    with engine(artifacts, threads=1, memory="4GB") as connection:
        grains = Grains(
            connection,
            read_events(connection, tables, time_zone=ZONE),
            keep=artifacts / KEPT_GRAINS,
        )
        build_snapshots(connection, grains, **_given(artifacts))
    return time.perf_counter() - began, time.process_time() - cpu


def by_spark(tables: Path, artifacts: Path) -> tuple[float, float]:
    """Build with Spark on two cores; return wall seconds, and CPU seconds of all processes."""
    from pipeline.spark.seen import SparkGrains
    from pipeline.spark.seen import read_events as read_on_spark
    from pipeline.spark.session import LOCAL, spark
    from pipeline.spark.snapshots import build_on_spark

    began = time.perf_counter()
    LOCAL["spark.master"] = "local[2]"
    with spark(artifacts) as opened:
        events = read_on_spark(opened.ibis, tables, time_zone=ZONE)
        build_on_spark(opened, SparkGrains(events, keep=opened.kept), **_given(artifacts))
        own = psutil.Process()
        cpu = sum(sum(one.cpu_times()[:2]) for one in (own, *own.children(recursive=True)))
    return time.perf_counter() - began, cpu


def compare(ours: Path, theirs: Path) -> dict[str, Any]:
    """Return how many columns are equal, and how far the others are apart at most."""
    left, right = _rows(ours), _rows(theirs)
    if left.num_rows != right.num_rows or left.column_names != right.column_names:
        raise SystemExit("the engines gave different rows or columns")
    equal, apart = 0, 0.0
    for name in left.column_names:
        if left[name].equals(right[name]):
            equal += 1
            continue
        if not pa.types.is_floating(left.schema.field(name).type):
            raise SystemExit(f"{name} holds no decimals and differs")
        one, other = (rows[name].to_numpy() for rows in (left, right))
        scale = np.maximum(np.abs(one), np.abs(other))
        with np.errstate(invalid="ignore"):
            relative = np.nanmax(np.where(scale > 0, np.abs(one - other) / scale, 0))
        if (np.isnan(one) != np.isnan(other)).any():
            raise SystemExit(f"{name} is null in different rows")
        apart = max(apart, float(relative))
    return {"rows": left.num_rows, "columns": left.num_columns, "equal": equal, "apart": apart}


def learned(artifacts: Path, folder: Path) -> None:
    """Fit a model to an invented outcome on one customer in ten."""
    rows = _rows(artifacts).slice(0, max(_rows(artifacts).num_rows // 10, 500)).to_pandas()
    y = np.random.default_rng(1).random(len(rows)) < 1 / (1 + rows["days_since_last_purchase"] / 90)
    X = rows[_names(rows.columns)]
    customer_activity.learner(1).fit(X, y.to_numpy().astype(int)).save(folder)


def _names(columns: Collection[str]) -> list[str]:
    return [one.name for one in customer_activity.features if one.name in columns]


def scored_alike(artifacts: Path, folder: Path) -> tuple[float, float]:
    """Score on Spark what Spark built; return wall and CPU seconds if it is what we say here."""
    from pipeline.spark.score import score_on_spark
    from pipeline.spark.session import LOCAL, spark

    load = type(customer_activity.learner(0)).load
    learner = load(folder)
    rows = _rows(artifacts).to_pandas()
    names = _names(rows.columns)
    expected = learner.predict_proba(rows[names])[:, 1]
    began = time.perf_counter()
    LOCAL["spark.master"] = "local[2]"
    with spark(artifacts) as opened:
        snapshot = read_snapshot(opened.ibis, artifacts, "customer", AS_OF)
        said = score_on_spark(
            opened,
            snapshot.select("customer_id", *names),
            keys=["customer_id"],
            load=load,
            folder=folder,
        )
        own = psutil.Process()
        cpu = sum(sum(one.cpu_times()[:2]) for one in own.children(recursive=True))
    if said["customer_id"].to_pylist() != rows["customer_id"].tolist() or not np.array_equal(
        said["probability"].to_numpy(), expected
    ):
        raise SystemExit("a probability differs in its last bit")
    return time.perf_counter() - began, cpu


def _given(artifacts: Path) -> dict[str, Any]:
    features = list(catalogue("customer", "time").values())
    return {"features": features, "cutoffs": [AS_OF], "artifacts": artifacts, "data": "drawn"}


def _rows(artifacts: Path) -> pa.Table:
    parts = sorted(snapshot_folder(artifacts, "customer", AS_OF).glob("*.parquet"))
    return pa.concat_tables(pq.ParquetFile(one).read() for one in parts).sort_by("customer_id")


def _body(options: Any, taken: dict[str, tuple[float, float]], compared: dict[str, Any]) -> str:
    wall = taken["duckdb"][0]
    rows = [
        [name, f"{seconds:.0f}", f"{cpu:.0f}", f"{seconds / wall:.1f}"]
        for name, (seconds, cpu) in taken.items()
    ]
    return f"""
{options.customers:,} customers, {options.customers * options.lines_each:,} receipt lines. DuckDB
works on one thread, as the snapshot stage does, and keeps its grains for the next run; Spark on
two (`local[2]`), its start included. Scoring starts Spark anew and sums the trees in Arrow batches.

{table(["", "wall, s", "processor, s", "times DuckDB's wall"], rows)}

{compared["equal"]} of {compared["columns"]} columns are equal in all {compared["rows"]:,} rows,
among them all that hold no decimals; the others differ by {compared["apart"]:.1e} of their value at
most ({TOLERANCE:.0e} is allowed). The probabilities of all rows are those that the same learner
gives the same rows without Spark, to the last bit.
"""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=sized(100_000, small=1_000))
    parser.add_argument("--lines-each", type=int, default=50)
    parser.add_argument("--scratch", type=Path, default=None)
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
