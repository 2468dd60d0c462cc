"""Large tables by customer, so that the rows of one are read without those of everybody.

Tables lie as they were delivered, so one customer's fifty lines among fifty million are found
by reading them all. Beside them, under `artifacts/lookups/tables`, lie copies sorted by
customer, made by a process of its own the first time that somebody is asked for alone. They are
a memory, not a result: whoever deletes them loses nothing but time.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

from features.tables import TABLES
from pipeline.duck import quoted
from pipeline.durable import whole_file
from pipeline.engine import engine
from pipeline.fingerprint import digest
from pipeline.live_tables import table_files, tables_folder
from pipeline.lock import LockedError, exclusive
from pipeline.lookup import LOOKUPS

#: Smaller files are read whole in a few milliseconds.
LEAST_BYTES = 16 * 1_048_576

# A footer of a thousand groups takes longer to read than a group.
_ROWS_PER_GROUP = 100_000
_MEMORY = "1GB"
_asked: dict[Path, "subprocess.Popen[bytes]"] = {}
_lock = threading.Lock()


def tables_by_customer(artifacts: Path, *, least_bytes: int = LEAST_BYTES) -> dict[str, Path]:
    """Return the copies of large tables that are up to date, by table.

    Where one is missing, the process that makes it is started, and nobody waits for it; it
    removes the copies of tables that were replaced.
    """
    found, missing = {}, False
    for name, path in _copies(artifacts, least_bytes).items():
        if path.exists():
            found[name] = path
        else:
            missing = True
    if missing:
        with _lock:
            maker = _asked.get(artifacts)
            if maker is None or maker.poll() is not None:
                _asked[artifacts] = subprocess.Popen(  # noqa: S603 - our own module
                    [sys.executable, "-m", "pipeline.by_customer", str(artifacts)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
    return found


def write_by_customer(artifacts: Path, *, least_bytes: int = LEAST_BYTES) -> None:
    """Make the copies that are missing, and remove those of tables that were replaced.

    Raises
    ------
    LockedError
        If another process is making them.
    """
    with exclusive(_folder(artifacts) / ".lock", timeout_s=0):
        wanted = _copies(artifacts, least_bytes)
        for other in _folder(artifacts).glob("*.parquet"):
            if other not in wanted.values():
                other.unlink(missing_ok=True)
        for name, path in wanted.items():
            if path.exists():
                continue
            table = quoted(tables_folder(artifacts) / f"{name}.parquet")
            with (
                engine(artifacts, threads=1, memory=_MEMORY, in_order=True) as connection,
                whole_file(path) as draft,
            ):
                connection.raw_sql(
                    f"COPY (FROM read_parquet({table}) ORDER BY customer_id) TO {quoted(draft)} "
                    f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROWS_PER_GROUP})"
                )


def _copies(artifacts: Path, least_bytes: int) -> dict[str, Path]:
    """Return where the copy of each large table would lie: named for the very file it is of."""
    found = {}
    for table in TABLES:
        if not any(column.name == "customer_id" for column in table.columns()):
            continue
        files = table_files(tables_folder(artifacts) / f"{table.table_name}.parquet")
        try:
            status = [path.stat() for path in files]
        except FileNotFoundError:
            continue
        if sum(one.st_size for one in status) >= least_bytes:
            version = digest([(one.st_ino, one.st_mtime_ns, one.st_size) for one in status])
            name = f"{table.table_name}-{version}.parquet"
            found[table.table_name] = _folder(artifacts) / name
    return found


def _folder(artifacts: Path) -> Path:
    return artifacts / LOOKUPS / "tables"


if __name__ == "__main__":
    os.nice(10)  # whoever waits for an answer goes first
    try:
        write_by_customer(Path(sys.argv[1]))
    except LockedError:
        sys.exit(0)
