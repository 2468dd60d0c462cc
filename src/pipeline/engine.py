"""The embedded engine: DuckDB through Ibis, in memory, spilling to a folder of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import ibis
from ibis.backends.duckdb import Backend

from pipeline.lock import exclusive

#: What the folder that an engine spills to is called, and the lock that it holds meanwhile:
#: a folder whose lock is free was left by a process that was killed.
SPILL, SPILL_LOCK = ".spill-", ".lock"


@contextmanager
def engine(
    artifacts: Path,
    *,
    threads: int | None = None,
    memory: str | None = None,
    in_order: bool = False,
) -> Iterator[Backend]:
    """Open DuckDB for one stage; what does not fit into memory spills under `artifacts`.

    `memory`, such as `"4GB"`, is what it may take before it spills (most of the machine's
    otherwise).
    Times are handled in UTC whatever the machine's own zone is. Rows are written in the order
    in which they were read only if that is asked for, because it costs memory; where tables
    are joined, `one_thread` must be asked for too.
    """
    artifacts.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix=SPILL, dir=artifacts) as spill,
        exclusive(Path(spill) / SPILL_LOCK),
    ):
        connection = ibis.duckdb.connect(temp_directory=spill)
        try:
            connection.raw_sql("SET enable_progress_bar = false")
            connection.raw_sql("SET TimeZone = 'UTC'")
            connection.raw_sql(f"SET preserve_insertion_order = {in_order}")
            if in_order:
                # It may turn a join around, and make a join of a long list of choices; rows
                # come out of a join in the order in which threads finish (duckdb#24398).
                connection.raw_sql("SET disabled_optimizers = 'build_side_probe_side,in_clause'")
            if memory is not None:
                connection.raw_sql(f"SET memory_limit = '{memory}'")
            if threads is not None:
                connection.raw_sql(f"SET threads = {threads:d}")
            yield connection
        finally:
            connection.disconnect()


@contextmanager
def one_thread(connection: Backend) -> Iterator[None]:
    """Work with one thread: several hand on the rows of a join in the order they finish."""
    threads = connection.raw_sql("SELECT current_setting('threads')").fetchone()[0]
    connection.raw_sql("SET threads = 1")
    try:
        yield
    finally:
        connection.raw_sql(f"SET threads = {threads:d}")


@contextmanager
def joins_in_order(connection: Backend) -> Iterator[None]:
    """Keep DuckDB from turning joins around: rows come out as they go in, and sums with them."""
    before = connection.raw_sql("SELECT current_setting('disabled_optimizers')").fetchone()[0]
    connection.raw_sql("SET disabled_optimizers = 'build_side_probe_side'")
    try:
        yield
    finally:
        connection.raw_sql(f"SET disabled_optimizers = '{before}'")


def scratch_folder(connection: Backend, prefix: str) -> Path:
    """Return a new folder for what is kept aside; it goes when the engine closes."""
    ((spill,),) = connection.raw_sql("SELECT current_setting('temp_directory')").fetchall()
    return Path(mkdtemp(prefix=prefix, dir=spill))
