"""Score sets without some persons: the next revision of the same set."""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.durable import write_json
from pipeline.fingerprint import file_digest
from pipeline.forget.folders import MANIFEST, Rewritten, erase_files
from pipeline.forget.rows import CUSTOMER
from pipeline.score_set import ScoreFile, ScoreSet


def erase_scores(folder: Path, people: Collection[str], *, at: datetime) -> int:
    """Remove persons from a score set and write its next revision; return how many rows went."""

    def mend(where: Path, changed: Sequence[Rewritten]) -> None:
        path = where / MANIFEST
        known = ScoreSet.model_validate_json(path.read_bytes())
        new = {
            one.path.name: ScoreFile(
                name=one.path.name,
                rows=pq.read_metadata(one.draft).num_rows,
                bytes=one.draft.stat().st_size,
                sha256=file_digest(one.draft),
            )
            for one in changed
        }
        files = tuple(new.get(file.name, file) for file in known.files)
        if files == known.files:
            return  # written before the kill
        gone = len({one for each in changed for one in _ids(each.path)} & {*people})
        written = known.model_copy(
            update={
                "files": files,
                "rows": known.rows - sum(one.rows for one in changed),
                "customers": known.customers - gone,
                "base": known.base - gone,
                "revision": known.revision + 1,
            }
        )
        write_json(path, written.model_dump(mode="json"))

    return erase_files(sorted(folder.glob("part-*.parquet")), people, at=at, mend=mend)


def _ids(path: Path) -> set[str]:
    return {str(one) for one in pq.read_table(path, columns=[CUSTOMER])[CUSTOMER].to_pylist()}
