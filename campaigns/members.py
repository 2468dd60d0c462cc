"""The members of a list: chosen from a score set, frozen in Parquet, read a page at a time."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from campaigns.forget.lists import erasures_of
from campaigns.ranking import Ranking
from campaigns.reasons import COLUMN
from pipeline.durable import whole_file
from pipeline.fingerprint import file_digest
from pipeline.score_set import ScoreSet, ranked_batches, stored_schema

#: Says in the folder of a list that its rows were removed for their age.
EXPIRED = "expired.json"

# A page of a thousand touches two groups at most.
_ROWS_PER_GROUP = 10_000


class DamagedListError(ValueError):
    """The members of a list are missing or not those that were frozen."""


class MembersFile(NamedTuple):
    """Size and contents of a file of members, as it was frozen."""

    bytes: int
    sha256: str


def member_rows(
    artifacts: Path, score_set: ScoreSet, ranking: Ranking, positions: np.ndarray
) -> pa.Table:
    """Return rows of a ranking, in the order of their positions.

    Returns
    -------
    pyarrow.Table of shape (n_positions, n_columns + 1)
        `rank`, from 1, and the columns of the scores.
    """
    if ranking.columns is not None:
        rows = ranking.columns.take(pa.array(positions))
    else:
        assert ranking.rows is not None  # noqa: S101 - one of both is always there
        rows = _stored(artifacts, score_set, ranking.rows[positions])
    return rows.add_column(0, "rank", pa.array(range(1, len(rows) + 1), pa.int32()))


def _stored(artifacts: Path, score_set: ScoreSet, numbers: np.ndarray) -> pa.Table:
    """Read rows by their ascending numbers; stops after the last one."""
    found, start = [], 0
    for batch in ranked_batches(artifacts, score_set):
        until = np.searchsorted(numbers, start + len(batch))
        own = numbers[np.searchsorted(numbers, start) : until]
        if len(own):
            found.append(batch.take(pa.array(own - start)))
        start += len(batch)
        if until == len(numbers):
            break
    return pa.Table.from_batches(found, stored_schema(artifacts, score_set))


def members_path(artifacts: Path, list_id: str) -> Path:
    """Return where the members of a list lie."""
    return artifacts / "lists" / list_id / "members.parquet"


def control_path(artifacts: Path, list_id: str) -> Path:
    """Return where those lie who were held out of a list."""
    return artifacts / "lists" / list_id / "control.parquet"


def outcomes_path(artifacts: Path, list_id: str) -> Path:
    """Return where the outcome of everybody known lies: `customer_id` and `outcome`."""
    return artifacts / "lists" / list_id / "outcomes.parquet"


def freeze(path: Path, rows: pa.Table) -> MembersFile:
    """Write rows of a list whole; the same rows make the same bytes."""
    with whole_file(path) as draft:
        pq.write_table(rows, draft, row_group_size=_ROWS_PER_GROUP, compression="zstd")
    with path.open("rb") as file:
        return MembersFile(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


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
        if path.stat().st_size != frozen.bytes and not _is_erased(path, file_digest(path)):
            raise _damaged(list_id, path)
        with pq.ParquetFile(path) as file:
            groups = range(after // _ROWS_PER_GROUP, (after + limit - 1) // _ROWS_PER_GROUP + 1)
            present = [group for group in groups if group < file.num_row_groups]
            names = [name for name in file.schema_arrow.names if reasons or name != COLUMN]
            rows = file.read_row_groups(present, columns=names)
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(list_id, path) from error
    return rows.slice(after % _ROWS_PER_GROUP, limit)


def whole_members(
    artifacts: Path, list_id: str, frozen: MembersFile, columns: Iterable[str]
) -> pa.Table:
    """Return some columns of all members, those of them that the list has, by rank.

    Those who were forgotten since are left out.

    Who was held out lies in another file; a file that says otherwise is not the frozen one.

    Raises
    ------
    DamagedListError
        If the file is missing, or has other contents than it was frozen with.
    """
    path = members_path(artifacts, list_id)
    try:
        found = file_digest(path)
        if found != frozen.sha256 and not _is_erased(path, found):
            raise _damaged(list_id, path)
        own = pq.read_schema(path).names
        wanted = {*columns, "arm", "customer_id"}
        rows = pq.read_table(path, columns=[name for name in own if name in wanted])
        rows = rows.filter(pc.is_valid(rows["customer_id"]))
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(list_id, path) from error
    if "arm" in own and pc.any(pc.equal(rows["arm"], "control")).as_py():
        raise _damaged(list_id, path)
    return rows


def expired_on(folder: Path) -> str | None:
    """Return the day on which the rows of a list were removed for their age; none if not."""
    path = folder / EXPIRED
    return str(json.loads(path.read_text("utf-8"))["on"]) if path.exists() else None


def _is_erased(path: Path, found: str) -> bool:
    """Tell whether a file is what an erasure has made of the frozen one.

    An erasure notes that first, then replaces the file, and then tells the database: who asked
    that in between knows the size of the file before.
    """
    noted = erasures_of(path.parents[2], path.parent.name)
    return any(one["after"].get(path.name) == found for one in noted)


def _damaged(list_id: str, path: Path) -> DamagedListError:
    day = None if path.exists() else expired_on(path.parent)
    if day is not None:
        return DamagedListError(
            f"the members of list {list_id} were removed on {day}, as `retention` in params.yaml "
            "says. Its counts stay; build a new list for new members."
        )
    return DamagedListError(
        f"the members of list {list_id} are missing or damaged. Restore {path.name} from a backup."
    )
