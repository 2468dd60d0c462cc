"""A Spark session for one stage: the cluster that is configured, or this machine."""

import logging
import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import ibis.expr.types as ir
import pyarrow as pa

from pipeline.engine import SPILL, SPILL_LOCK
from pipeline.lock import exclusive

#: Whoever sets one of these has a Spark of their own, whose settings are left alone.
CONFIGURED_BY = {"SPARK_HOME", "SPARK_CONF_DIR", "SPARK_REMOTE", "PYSPARK_SUBMIT_ARGS"}
#: Otherwise Spark runs on all cores of this machine.
LOCAL: dict[str, bool | float | int | str | None] = {
    "spark.driver.memory": "4g",
    "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
    # Hundreds of columns take longer to plan than to compute; this checks Spark's own optimiser.
    "spark.sql.lightweightPlanChangeValidation": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


_NO_PYSPARK = (
    "the engine spark needs PySpark, which is not installed. Install it with "
    "`pip install 'shortlist[spark]'`, or choose `--engine duckdb`."
)
_NO_JAVA = (
    "the engine spark needs Java 17 or newer, and there is none {found}. Install one, for instance "
    "with `apt-get install openjdk-17-jre-headless`, set JAVA_HOME to it, or choose "
    "`--engine duckdb`."
)
_NOT_STARTED = (
    "Spark did not start. It needs Java 17 or newer: `java -version` tells which there is, "
    "JAVA_HOME which is used."
)


class SparkMissingError(ValueError):
    """Spark cannot be started."""


class Spark(NamedTuple):
    """An open session.

    Attributes
    ----------
    session : pyspark.sql.SparkSession
        The session.
    ibis : Backend
        The same, through Ibis.
    folder : Path
        Where it keeps what it computes on the way; it goes when the session closes.
    """

    session: Any
    ibis: Any
    folder: Path

    def kept(self, name: str, rows: ir.Table) -> ir.Table:
        """Compute rows once, into files of their own, and return them as read from there.

        Spark would compute a table again for everybody who asks for it, and plan a statement
        of hundreds of joins as one.
        """
        path = str(self.folder / name)
        self.frame(name, rows).write.mode("overwrite").parquet(path)
        return self.ibis.read_parquet(path)

    def arrow(self, rows: ir.Table) -> pa.Table:
        """Return rows; Ibis itself would go by way of pandas."""
        return self.frame("asked", rows).toArrow()

    def frame(self, name: str, rows: ir.Table) -> Any:
        """Return rows as a frame of Spark in which each column has the type that Ibis says."""
        from ibis.backends.pyspark.datatypes import PySparkType

        self.ibis.create_view(name, rows, overwrite=True)
        found = self.session.table(name)
        return found.select(
            *(
                found[column].cast(PySparkType.from_ibis(kind)).alias(column)
                for column, kind in rows.schema().items()
            )
        )


def require_spark() -> None:
    """Refuse to begin what Spark could not finish, before anything slow is imported or done.

    Raises
    ------
    SparkMissingError
        If PySpark is not installed, or Spark is to run here and there is no Java.
    """
    if find_spec("pyspark") is None:
        raise SparkMissingError(_NO_PYSPARK)
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home, "bin")) if home else None)
    if java is None and "SPARK_REMOTE" not in os.environ:
        raise SparkMissingError(_NO_JAVA.format(found=f"in JAVA_HOME, {home}" if home else "here"))


@contextmanager
def spark(artifacts: Path) -> Iterator[Spark]:
    """Open the Spark that `spark-defaults.conf` or the environment names, or a local one.

    A session that is open already is used, and stays open.

    The folder of artefacts must be one that all workers of a cluster reach by the same path.

    Raises
    ------
    SparkMissingError
        If PySpark or Java is not installed.
    """
    try:
        import ibis
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SparkMissingError(_NO_PYSPARK) from error
    # What is planned in hundreds of columns is longer than Spark's own warnings allow for.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    # It is handed Arrow tables only.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    builder = SparkSession.builder.appName("shortlist")
    local = not CONFIGURED_BY & set(os.environ)
    if local:
        builder = builder.config(map=LOCAL)
    artifacts.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix=SPILL, dir=artifacts) as folder,
        exclusive(Path(folder) / SPILL_LOCK),
    ):
        ours = SparkSession.getActiveSession() is None
        try:
            session = builder.getOrCreate()
        except PySparkRuntimeError as error:
            raise SparkMissingError(_NOT_STARTED) from error
        session.sparkContext.setLogLevel("ERROR")
        if ours and local and "PYSPARK_PYTHON" not in os.environ:
            # Its own choice is the first `python3` on the path, which need not be this one.
            session.sparkContext.pythonExec = sys.executable
        try:
            yield Spark(session, ibis.pyspark.connect(session), Path(folder).resolve())
        finally:
            if ours:
                session.stop()
