"""The embedded engine: DuckDB through Ibis, in memory, spilling to a folder of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import ibis
from ibis.backends.duckdb import Backend

from pipeline.lock import exclusive

#: What the folder that an engine spills to is called, and the lock that it holds meanwhile:
#: a folder whose lock is free was left by a process that was killed.
SPILL, SPILL_LOCK = ".spill-", ".lock"


@contextmanager
def engine(
    artifacts: Path, *, threads: int | None = None, in_order: bool = False
) -> Iterator[Backend]:
    """Open DuckDB for one stage; what does not fit into memory spills under `artifacts`.

    Times are handled in UTC whatever the machine's own zone is. Rows are written in the order
    in which they were read only if that is asked for: it costs memory.
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
                # It may turn a join around, and rows then come in the order of the other side.
                connection.raw_sql("SET disabled_optimizers = 'build_side_probe_side'")
            if threads is not None:
                connection.raw_sql(f"SET threads = {threads:d}")
            yield connection
        finally:
            connection.disconnect()
