"""What processes that were killed left behind: unfinished drafts and spilled rows."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.durable import PARTIAL
from pipeline.engine import SPILL, SPILL_LOCK
from pipeline.lock import LockedError, exclusive

#: What only stages write, which the run lock and the stage lock keep to one writer.
STAGE_OUTPUTS = (
    "ingested",
    "tables",
    "quarantine",
    "quality",
    "sifted",
    "grains",
    "snapshots",
    "labels",
    "trained",
    "evaluations",
)

#: An engine makes its folder first and locks it then; it is not disturbed in between.
_OPENING_S = 60


def stage_drafts(artifacts: Path) -> list[Path]:
    """Return the drafts of stages, to be called while no stage is at work.

    Some lie among the snapshots, where DVC would take them for results.
    """
    beside = [draft for draft in artifacts.glob(f"{PARTIAL}*") if _stands_for(draft)]
    within = [d for name in STAGE_OUTPUTS for d in _drafts(artifacts / name)]
    return sorted(beside + within)


def dead_drafts(folder: Path) -> list[Path]:
    """Return all drafts of a project whose process has ended."""
    found = [
        *folder.glob(f"{PARTIAL}*"),
        *(folder / ".dvc").glob(f"{PARTIAL}*"),
        *_drafts(folder / "artifacts"),
    ]
    return sorted(draft for draft in found if not _is_written(draft))


def spills(artifacts: Path) -> list[Path]:
    """Return the folders of spilled rows that no engine uses; a validation has its own place."""
    found = (*artifacts.glob(f"{SPILL}*"), *artifacts.glob(f"*/{SPILL}*"))
    return sorted(folder for folder in found if not _is_used(folder))


def discard(path: Path) -> None:
    """Remove a file or a folder with all that it holds."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _drafts(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        yield from (Path(root) / name for name in files if name.startswith(PARTIAL))
        yield from (Path(root) / name for name in folders if name.startswith(PARTIAL))
        folders[:] = [name for name in folders if not name.startswith(PARTIAL)]


def _stands_for(draft: Path) -> bool:
    """Tell whether a draft is that of a stage's own output; `old-` is what it replaced."""
    name = draft.name.removeprefix(PARTIAL).split("-", 2)[-1].removeprefix("old-")
    return name in STAGE_OUTPUTS


def _is_written(draft: Path) -> bool:
    writer = draft.name.removeprefix(PARTIAL).partition("-")[0]
    return writer.isdecimal() and _is_alive(int(writer))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _is_used(folder: Path) -> bool:
    lock = folder / SPILL_LOCK
    if not lock.exists() and time.time() - folder.stat().st_mtime < _OPENING_S:
        return True
    try:
        with exclusive(lock, timeout_s=0):
            return False
    except LockedError:
        return True
