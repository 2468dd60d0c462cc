"""Spark makes the snapshots and scores that DuckDB makes; `make test-spark` runs these."""

import json
import sys
from datetime import UTC, date, datetime
from importlib.machinery import ModuleSpec
from types import ModuleType

import on_spark
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_shop import AS_OF, small_shop

from features.catalogue import catalogue
from models.customer_activity import customer_activity
from pipeline.customers.score import scores_of_everybody
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.grain_store import Grains
from pipeline.run import run
from pipeline.snapshot_store import build_snapshots, snapshot_folder
from pipeline.spark.seen import SparkGrains
from pipeline.spark.seen import read_events as read_on_spark
from pipeline.spark.session import SparkMissingError, require_spark, spark
from pipeline.spark.snapshots import build_on_spark

on_spark_only = pytest.mark.skipif(not on_spark.WANTED, reason="`make test-spark` runs this")

ZONE = "Asia/Taipei"
DAYS = [date(2024, 3, 1), AS_OF]
FEATURES = {
    "customer": list(catalogue("customer", "time").values()),
    "product": list(catalogue("product").values()),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return small_shop(tmp_path_factory.mktemp("shop"))


def by_duckdb(tables, artifacts, unit):
    with engine(artifacts, threads=1) as connection:
        grains = Grains(connection, read_events(connection, tables, time_zone=ZONE))
        given = {"features": FEATURES[unit], "cutoffs": DAYS, "artifacts": artifacts}
        return build_snapshots(connection, grains, **given, data="one", unit=unit)


def by_spark(tables, artifacts, unit):
    opened = on_spark.opened()
    events = read_on_spark(opened.ibis, tables, time_zone=ZONE)
    grains = SparkGrains(events, keep=opened.kept)
    given = {"features": FEATURES[unit], "cutoffs": DAYS, "artifacts": artifacts}
    return build_on_spark(opened, grains, **given, data="one", unit=unit)


def stored(artifacts, unit, day):
    folder = snapshot_folder(artifacts, unit, day)
    rows = pa.concat_tables(pq.ParquetFile(one).read() for one in sorted(folder.glob("*.parquet")))
    return rows, json.loads((folder / "manifest.json").read_text())


@on_spark_only
@pytest.mark.parametrize("unit", ["customer", "product"])
def test_snapshots_hold_the_same_rows_columns_and_types(shop, tmp_path, unit):
    tables = shop[0].artifacts / "tables"
    by_duckdb(tables, tmp_path / "duckdb", unit)
    built = by_spark(tables, tmp_path / "spark", unit)
    assert built.built == tuple(DAYS)
    for day in DAYS:
        ours, manifest = stored(tmp_path / "duckdb", unit, day)
        theirs, other = stored(tmp_path / "spark", unit, day)
        assert [(one.name, one.type) for one in theirs.schema] == [
            (one.name, one.type) for one in ours.schema
        ]
        whole = [field.name for field in ours.schema if not pa.types.is_floating(field.type)]
        pd.testing.assert_frame_equal(
            theirs.select(whole).to_pandas(), ours.select(whole).to_pandas(), check_exact=True
        )
        pd.testing.assert_frame_equal(theirs.to_pandas(), ours.to_pandas(), rtol=1e-9, atol=0)
        for name in ("rows", "newest", "features", "as_of", "unit"):
            assert other[name] == manifest[name]
    assert by_spark(tables, tmp_path / "spark", unit).kept == tuple(DAYS)


@on_spark_only
def test_scores_are_those_of_one_machine_to_the_last_bit(shop):
    project, *_ = shop
    engines = ("duckdb", "spark")
    snapshots = [project.params.snapshots.model_copy(update={"engine": one}) for one in engines]
    of_engine = [
        project._replace(params=project.params.model_copy(update={"snapshots": one}))
        for one in snapshots
    ]
    ours, theirs = (scores_of_everybody(one, customer_activity, "1", AS_OF) for one in of_engine)
    assert theirs.num_rows > 100
    assert theirs.to_pydict() == ours.to_pydict()


def lacking(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)


def test_who_lacks_pyspark_is_told_how_to_install_it(tmp_path, monkeypatch):
    lacking(monkeypatch, "pyspark")
    lacking(monkeypatch, "pyspark.errors")
    with (
        pytest.raises(SparkMissingError, match=r"pip install 'shortlist\[spark\]'"),
        spark(tmp_path),
    ):
        pass


def test_who_lacks_java_is_told_where_it_was_looked_for(tmp_path, monkeypatch):
    there = ModuleType("pyspark")
    there.__spec__ = ModuleSpec("pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark", there)
    monkeypatch.delenv("SPARK_REMOTE", raising=False)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "java"))
    with pytest.raises(
        SparkMissingError, match="needs Java 17 or newer, and there is none in JAVA"
    ):
        require_spark()
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SparkMissingError, match="apt-get install openjdk-17"):
        require_spark()
    java = tmp_path / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.touch(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "java"))
    require_spark()


def test_a_run_that_spark_could_not_finish_is_not_begun(shop, tmp_path, monkeypatch):
    lacking(monkeypatch, "pyspark")
    asked = {"snapshots.engine": "spark"}
    tables = str(shop[0].artifacts / "tables")
    with pytest.raises(SparkMissingError, match="which is not installed"):
        run(tmp_path, clock=lambda: datetime.now(UTC), data=tables, overrides=asked)
    assert not (tmp_path / "artifacts" / "run.yaml").exists()
    assert not (tmp_path / "artifacts" / "tables").exists()
