"""The members of a list: chosen from a score set, frozen in Parquet, read a page at a time."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from campaigns.reasons import COLUMN
from pipeline.durable import whole_file
from pipeline.score_set import ScoreSet, ranked_batches, stored_schema

# A page of a thousand touches two groups at most.
_ROWS_PER_GROUP = 10_000


class DamagedListError(ValueError):
    """The members of a list are missing or not those that were frozen."""


class MembersFile(NamedTuple):
    """Size and contents of a file of members, as it was frozen."""

    bytes: int
    sha256: str


def choose_members(artifacts: Path, score_set: ScoreSet, *, size: int) -> pa.Table:
    """Return the best `size` customers, each with the best of their rows.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    score_set : ScoreSet
        The scores to choose from.
    size : int
        How many customers; all if fewer are scored.

    Returns
    -------
    pyarrow.Table of shape (n_members, n_columns + 1)
        `rank`, from 1, and the columns of the score set.
    """
    seen: set[str] = set()
    chosen: list[pa.RecordBatch] = []
    missing = size
    for batch in ranked_batches(artifacts, score_set):
        # One row a customer is the common case, and needs no looking.
        best = batch if score_set.rows == score_set.customers else _first_rows(batch, seen)
        chosen.append(best.slice(0, missing))
        missing -= len(chosen[-1])
        if not missing:
            break
    members = pa.Table.from_batches(chosen, stored_schema(artifacts, score_set))
    return members.add_column(0, "rank", pa.array(range(1, len(members) + 1), pa.int32()))


def _first_rows(batch: pa.RecordBatch, seen: set[str]) -> pa.RecordBatch:
    """Keep the rows of customers who were not seen before; note who was."""
    positions = []
    for position, customer in enumerate(batch["customer_id"].to_pylist()):
        if customer not in seen:
            seen.add(customer)
            positions.append(position)
    return batch.take(pa.array(positions, pa.int64()))


def members_path(artifacts: Path, list_id: str) -> Path:
    """Return where the members of a list lie."""
    return artifacts / "lists" / list_id / "members.parquet"


def freeze_members(artifacts: Path, list_id: str, members: pa.Table) -> MembersFile:
    """Write the members whole; the same members make the same bytes."""
    path = members_path(artifacts, list_id)
    with whole_file(path) as draft:
        pq.write_table(members, draft, row_group_size=_ROWS_PER_GROUP, compression="zstd")
    content = path.read_bytes()
    return MembersFile(len(content), hashlib.sha256(content).hexdigest())


def read_members(
    artifacts: Path,
    list_id: str,
    frozen: MembersFile,
    *,
    after: int,
    limit: int,
    reasons: bool = False,
) -> pa.Table:
    """Return the members of the ranks `after + 1` to `after + limit`.

    Reasons are ten times as long as all the rest, so they are read only if asked for.

    Raises
    ------
    DamagedListError
        If the file is missing, has another size than it was frozen with, or cannot be read.
    """
    path = members_path(artifacts, list_id)
    try:
        if path.stat().st_size != frozen.bytes:
            raise _damaged(list_id, path)
        with pq.ParquetFile(path) as file:
            groups = range(after // _ROWS_PER_GROUP, (after + limit - 1) // _ROWS_PER_GROUP + 1)
            present = [group for group in groups if group < file.num_row_groups]
            names = [name for name in file.schema_arrow.names if reasons or name != COLUMN]
            rows = file.read_row_groups(present, columns=names)
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(list_id, path) from error
    return rows.slice(after % _ROWS_PER_GROUP, limit)


def _damaged(list_id: str, path: Path) -> DamagedListError:
    return DamagedListError(
        f"the members of list {list_id} are missing or damaged. Restore {path.name} from a backup."
    )
