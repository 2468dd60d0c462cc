"""How much of the list is new since the score set before."""

from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from pipeline.score_set import IDENTITY, ScoreSet, ranked_batches


class Turnover(BaseModel):
    """How two successive score sets agree on who is on the list.

    Attributes
    ----------
    before, now : str
        The score sets.
    version_before, version_now : str
        Who made them.
    size : int
        Length of the list, the same on both sides.
    share : float
        Share of the newer list that the older one does not hold, in [0, 1].
    """

    model_config = ConfigDict(frozen=True)

    before: str
    now: str
    version_before: str
    version_now: str
    size: int
    share: float


def turnover_of(artifacts: Path, before: ScoreSet, now: ScoreSet, *, size: int) -> Turnover:
    """Compare the best rows of two score sets of one model.

    The list is at most half of the shorter score set: of a list that holds everybody nobody
    is ever new.
    """
    size = max(1, min(size, before.rows // 2, now.rows // 2))
    old, new = (_best(artifacts, one, size) for one in (before, now))
    return Turnover(
        before=before.id,
        now=now.id,
        version_before=before.version,
        version_now=now.version,
        size=size,
        share=len(new - old) / max(len(new), 1),
    )


def _best(artifacts: Path, score_set: ScoreSet, size: int) -> set[tuple[str, ...]]:
    kept: list[pa.RecordBatch] = []
    wanted = size
    for batch in ranked_batches(artifacts, score_set):
        keys = [name for name in IDENTITY if name in batch.schema.names]
        kept.append(batch.select(keys).slice(0, wanted))
        wanted -= kept[-1].num_rows
        if not wanted:
            break
    columns = [column.to_pylist() for column in pa.Table.from_batches(kept).columns]
    return set(zip(*columns, strict=True))
