"""The tiny shop on Spark, for `make test-spark`: the same rows, the same definitions."""

import atexit
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from functools import cache
from itertools import count
from pathlib import Path

import ibis.expr.types as ir
import pandas as pd

from features.definition import KEYS, Feature, Unit
from pipeline.events import as_events
from pipeline.snapshot_table import snapshot_table
from pipeline.spark.seen import SparkGrains, SparkSeen, wall_clock
from pipeline.spark.session import LOCAL, Spark, spark

#: Whether tests of features are to run on Spark.
WANTED = os.environ.get("SHORTLIST_TEST_ENGINE") == "spark"
#: Three rows need no cluster, and code that runs once is best not compiled.
_TINY = {
    "spark.master": "local[1]",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
}
_numbers = count()


@cache
def opened() -> Spark:
    """Return one session for all tests."""
    LOCAL.update(_TINY)
    stack = ExitStack()
    atexit.register(stack.close)
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    return stack.enter_context(spark(Path(folder)))


def grains(tables: Mapping[str, ir.Table], *, time_zone: str) -> SparkGrains:
    """Return the grains of some tables as declared."""
    held = {name: given(name, table) for name, table in tables.items()}
    events = as_events(held, time_zone=time_zone, wall_clock=wall_clock)
    return SparkGrains(events, keep=_as_view)


def frame(
    held: SparkGrains, features: Sequence[Feature], *, as_of: date, unit: Unit
) -> pd.DataFrame:
    """Return the features of every unit known at the cut-off."""
    # Spark plans a statement of many features for minutes, and three rows for one in no time.
    keep = _as_view if len(features) == 1 else _computed
    at = SparkSeen(held, [as_of], keep=keep)
    table = snapshot_table(at, features=features, unit=unit)
    return opened().arrow(table.order_by(list(KEYS[unit]))).to_pandas()


def seen_at(held: SparkGrains, as_of: date) -> SparkSeen:
    """Return what a cut-off sees of grains, each grain and view computed once."""
    return SparkSeen(held, [as_of], keep=_computed)


def given(name: str, table: ir.Table) -> ir.Table:
    """Return rows as Spark holds them."""
    view = f"{name}_{next(_numbers)}"
    opened().session.createDataFrame(table.to_pyarrow()).createOrReplaceTempView(view)
    return opened().ibis.table(view)


def _as_view(name: str, rows: ir.Table) -> ir.Table:
    return opened().ibis.create_view(f"{name}_{next(_numbers)}", rows)


def _computed(name: str, rows: ir.Table) -> ir.Table:
    view = f"{name}_{next(_numbers)}"
    opened().frame(view, rows).localCheckpoint().createOrReplaceTempView(f"{view}_computed")
    return opened().ibis.table(f"{view}_computed")
