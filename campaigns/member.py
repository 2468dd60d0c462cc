"""One member of a frozen list, with its reasons."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from campaigns.members import members_path, read_members
from campaigns.target_list import TargetList


class UnknownMemberError(ValueError):
    """The customer is no member of the list."""


class NoReasonsError(ValueError):
    """No reasons were frozen with a member."""


def find_member(artifacts: Path, found: TargetList, customer_id: str | None) -> dict[str, Any]:
    """Return a member of a list by the id of the customer; nobody is none.

    Raises
    ------
    UnknownMemberError
        If the customer is none.
    NoReasonsError
        If the list says of nobody so far down, or of nobody at all, why.
    DamagedListError
        If the file cannot be read.
    """
    rank = None if customer_id is None else _rank(artifacts, found, customer_id)
    if rank is None:
        raise UnknownMemberError("the list has no such member. Its members are at /members.")
    rows = read_members(artifacts, found.id, found.members, after=rank - 1, limit=1, reasons=True)
    (row,) = rows.to_pylist()
    if row.get("reasons") is None:
        raise NoReasonsError(
            "no reasons were frozen with this member. The best 10,000 have some, where the model "
            "can explain."
        )
    return dict(row)


def _rank(artifacts: Path, found: TargetList, customer_id: str) -> int | None:
    """Look the customer up, a row group at a time: ids stand in the order of ranks."""
    read_members(artifacts, found.id, found.members, after=0, limit=1)  # refuses what is damaged
    start = 0
    with pq.ParquetFile(members_path(artifacts, found.id)) as file:
        for group in range(file.num_row_groups):
            ids = file.read_row_group(group, columns=["customer_id"])["customer_id"]
            place = pc.index(ids, pa.scalar(customer_id, ids.type)).as_py()
            if place >= 0:
                return start + int(place) + 1
            start += len(ids)
    return None
