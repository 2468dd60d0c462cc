"""The scores of one customer, found without reading those of everybody.

A score set lies from best to worst. Beside it, under `artifacts/lookups`, lies the same set by
customer, made the first time somebody is looked up. It is a memory, not a result: whoever
deletes it loses nothing but time.
"""

import json
import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.duck import quoted
from pipeline.durable import whole_file
from pipeline.engine import engine
from pipeline.lock import exclusive
from pipeline.score_set import ScoreSet, parts, stored_schema

#: The folder, under the artefacts.
LOOKUPS = "lookups"
#: Score sets of which the places of customers are held in memory.
HELD = 16

# A small group is read sooner; a footer of many groups takes memory and time to open.
_LEAST_ROWS, _MOST_ROWS, _GROUPS = 2_048, 8_192, 500
_FIRSTS = b"first_customers"
_PATIENCE_S = 600


class _Opened(NamedTuple):
    path: Path
    metadata: Any
    firsts: list[str]


class Lookup:
    """Finds rows of score sets by customer; may be asked by several threads at once.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    """

    def __init__(self, artifacts: Path) -> None:
        self._artifacts = artifacts
        self._lock = threading.Lock()
        self._held: OrderedDict[Path, _Opened] = OrderedDict()

    def rows(self, score_set: ScoreSet, customers: Sequence[str]) -> pa.Table:
        """Return the rows of some customers, by customer and from best to worst of each.

        Returns
        -------
        pyarrow.Table of shape (n_rows, n_columns)
            Columns as stored; no row for who has no score.
        """
        opened = self._opened(score_set)
        groups = sorted({group for one in customers for group in _groups(opened.firsts, one)})
        with pq.ParquetFile(opened.path, metadata=opened.metadata) as file:
            found = file.read_row_groups(groups, use_threads=False)
        wanted = pa.array(customers, pa.string())
        mine = pc.is_in(found["customer_id"].cast(pa.string()), value_set=wanted)
        return found.filter(mine).cast(stored_schema(self._artifacts, score_set))

    def _opened(self, score_set: ScoreSet) -> _Opened:
        path = lookup_path(self._artifacts, score_set)
        with self._lock:
            held = self._held.get(path)
            if held is not None and path.exists():
                self._held.move_to_end(path)
                return held
        if not path.exists():
            _write(self._artifacts, score_set, path)
        with pq.ParquetFile(path) as file:
            metadata = file.metadata
        opened = _Opened(path, metadata, json.loads(metadata.metadata[_FIRSTS]))
        with self._lock:
            self._held[path] = opened
            while len(self._held) > HELD:
                self._held.popitem(last=False)
        return opened


def lookup_path(artifacts: Path, score_set: ScoreSet) -> Path:
    """Return where a score set lies by customer; erasing a person makes it another file."""
    return artifacts / LOOKUPS / score_set.model / f"{score_set.id}-{score_set.revision}.parquet"


def _write(artifacts: Path, score_set: ScoreSet, path: Path) -> None:
    with exclusive(path.with_name(f".{path.stem}.lock"), timeout_s=_PATIENCE_S):
        if path.exists():
            return
        files = ", ".join(quoted(part) for part in parts(artifacts, score_set))
        # A row is one group of its file, so that a customer is read with few others.
        with engine(artifacts) as connection, whole_file(path) as draft:
            batches = connection.con.sql(
                f"FROM read_parquet([{files}]) ORDER BY customer_id, {score_set.value} DESC"
            ).to_arrow_reader(min(max(score_set.rows // _GROUPS, _LEAST_ROWS), _MOST_ROWS))
            firsts: list[str] = []
            with pq.ParquetWriter(draft, batches.schema, compression="zstd") as writer:
                for batch in batches:
                    if len(batch):
                        firsts.append(batch["customer_id"][0].as_py())
                        writer.write_batch(batch, row_group_size=len(batch))
                writer.add_key_value_metadata({_FIRSTS: json.dumps(firsts)})
        for other in path.parent.glob(f"{score_set.id}-*.parquet"):
            if other != path:
                other.unlink(missing_ok=True)
        for other in path.parent.glob("*.parquet"):
            named = other.stem.rpartition("-")[0]
            if not (artifacts / "scores" / score_set.model / named).exists():
                other.unlink(missing_ok=True)


def _groups(firsts: list[str], customer: str) -> range:
    """Return the numbers of the groups that may hold a customer."""
    return range(max(bisect_left(firsts, customer) - 1, 0), bisect_right(firsts, customer))
