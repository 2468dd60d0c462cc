"""A retailer's tiny delivery as CSV texts, and what validation makes of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline.ingest import ingest
from pipeline.quality import Quality
from pipeline.validate import validate

NOW = datetime(2024, 6, 1, tzinfo=UTC)

CUSTOMERS = "customer_id,joined_on\nann,2023-01-05\nbob,2023-02-10\n"
PRODUCTS = "product_id,name\nkettle,Kettle\ntoaster,Toaster\n"
TRANSACTIONS = (
    "line_id,order_id,customer_id,product_id,event_time,quantity,amount,kind\n"
    "1,A,ann,kettle,2024-03-01T10:00:00Z,1,30,sale\n"
    "2,A,ann,toaster,2024-03-01T10:00:00Z,2,50,sale\n"
    "3,B,,kettle,2024-03-02T10:00:00Z,1,30,sale\n"
    "4,C,bob,kettle,2024-03-03T10:00:00Z,-1,-30,return\n"
)


def deliver(folder: Path, **tables: str | bytes) -> Path:
    """Write one CSV per table; the three required ones are sound where nothing else is given."""
    folder.mkdir(parents=True, exist_ok=True)
    sound = {"customers": CUSTOMERS, "products": PRODUCTS, "transactions": TRANSACTIONS}
    for name, text in {**sound, **tables}.items():
        content = text if isinstance(text, bytes) else text.encode()
        (folder / f"{name}.csv").write_bytes(content)
    return folder


def judge(folder: Path, **options: Any) -> Quality:
    """Ingest and validate a folder; the results lie beside it, in `artifacts`."""
    artifacts = folder.parent / "artifacts"
    ingest(str(folder), artifacts / "ingested")
    defaults = {"time_zone": "UTC", "now": NOW, "max_quarantined_share": 1.0}
    return validate(artifacts / "ingested", artifacts, **{**defaults, **options})


def rows_of(folder: Path, what: str, table: str) -> list[dict[str, Any]]:
    """Return the rows that validation wrote: `what` is `tables` or `quarantine`."""
    file = folder.parent / "artifacts" / what / f"{table}.parquet"
    if not file.exists():
        return []
    found: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return found


def finding_of(quality: Quality, table: str) -> tuple[str, str, int]:
    """Return the only finding of a table: column, reason, rows."""
    (entry,) = [one for one in quality.tables if one.table == table]
    (finding,) = entry.findings
    assert finding.fix
    return finding.column, finding.reason, finding.rows
