"""One file through reading and sifting, as fast as can be: one connection for many files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ibis
import pyarrow.parquet as pq
from deliveries import NOW

from features.table import Table
from pipeline.engine import engine
from pipeline.ingest import write_delivery
from pipeline.quality import TableQuality
from pipeline.requirements import ContractError, missing_columns
from pipeline.sift import Sieve, sift
from pipeline.sources.files import open_file


class Bench:
    """Reads and sifts one file after another."""

    def __init__(self, folder: Path, connection: ibis.BaseBackend) -> None:
        self.folder = folder
        self.connection = connection
        folders = {name: folder / name for name in ("ingested", "tables", "quarantine")}
        for path in folders.values():
            path.mkdir()
        self.sieve = Sieve(connection=connection, time_zone="Asia/Taipei", now=NOW, **folders)

    def sift(self, content: bytes, table: type[Table], *, suffix: str = ".csv") -> TableQuality:
        """Return what became of the rows; every row is in one of the two files."""
        file = self.folder / f"{table.table_name}{suffix}"
        file.write_bytes(content)
        delivery = open_file(file)
        name = f"{table.table_name}.parquet"
        read, kept, refused = (
            self.folder / step / name for step in ("ingested", "tables", "quarantine")
        )
        refused.unlink(missing_ok=True)
        write_delivery(delivery, read, declared=tuple(table.schema()))
        rows = self.connection.read_parquet(read)
        for problem in missing_columns(rows, table, origin=delivery.origin):
            raise ContractError(problem)
        quality = sift(table, self.sieve, origin=delivery.origin)
        assert pq.read_metadata(kept).num_rows == quality.accepted
        set_aside = pq.read_metadata(refused).num_rows if refused.exists() else 0
        assert set_aside == quality.quarantined
        assert quality.accepted + quality.quarantined == quality.read
        return quality


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """Yield a bench whose connection is closed at the end."""
    with engine(folder, in_order=True) as connection:
        yield Bench(folder, connection)
