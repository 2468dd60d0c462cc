"""Who was left out of a list, reason by reason, read from the outcome of everybody."""

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from campaigns.members import DamagedListError, outcomes_path


class LeftOut(NamedTuple):
    """Some customers with one outcome.

    Attributes
    ----------
    customers : list of str
        Their ids, ascending.
    last : int, optional
        How many rows of the file lie behind them; none where nobody follows.
    """

    customers: list[str]
    last: int | None


def left_out(artifacts: Path, list_id: str, reason: str, *, after: int, limit: int) -> LeftOut:
    """Return customers whose outcome is `reason`, from the row `after` of the file on.

    Raises
    ------
    DamagedListError
        If the file is missing or cannot be read.
    """
    path = outcomes_path(artifacts, list_id)
    found: list[str] = []
    start, last = 0, 0
    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if start + rows > after:
                    outcome = file.read_row_group(group, columns=["outcome"])["outcome"]
                    places = pc.indices_nonzero(pc.equal(outcome, reason)).to_numpy()
                    places = places[places >= after - start]
                    if len(places) and len(found) == limit:
                        return LeftOut(found, last)
                    ids = file.read_row_group(group, columns=["customer_id"])["customer_id"]
                    own = places[: limit - len(found)]
                    found += ids.take(pa.array(own)).drop_null().to_pylist()
                    last = start + int(own[-1]) + 1 if len(own) else last
                    if len(places) > len(own):
                        return LeftOut(found, last)
                start += rows
    except (OSError, pa.ArrowInvalid) as error:
        raise DamagedListError(
            f"the outcomes of list {list_id} are missing or damaged. Restore {path.name} from a "
            "backup; lists that were frozen before outcomes were kept have none."
        ) from error
    return LeftOut(found, None)
