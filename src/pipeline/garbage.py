"""What nothing refers to, and may be removed: drafts, spilled rows, score sets.

Versions are no garbage: they are the record of what was trained and what the gate decided.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from pipeline.alone import alone
from pipeline.leftovers import dead_drafts, discard, spills
from pipeline.release import Release, forget_earlier, read_release
from pipeline.score_set import score_set_folder


class Garbage(NamedTuple):
    """A file or folder that may be removed.

    Attributes
    ----------
    path : Path
        Where it lies.
    why : str
        Why nobody misses it.
    bytes : int
        How much it holds.
    """

    path: Path
    why: str
    bytes: int


def garbage(
    folder: Path,
    release: Release,
    *,
    now: datetime,
    used: frozenset[tuple[str, str]] = frozenset(),
    idle: timedelta = timedelta(hours=1),
) -> list[Garbage]:
    """Return what may be removed from a project; to be called while no run is under way.

    Parameters
    ----------
    folder : Path
        The project.
    release : Release
        What is live, with the earlier entries that one may step back to.
    now : datetime
        The time, with its zone.
    used : frozenset of (model, score set)
        Score sets that something else refers to, such as lists.
    idle : timedelta
        What was written to more recently is left alone: somebody may be about to refer to
        it, or writes it on another machine, where its process cannot be seen.
    """
    artifacts = folder / "artifacts"
    kept = release.score_sets() | used
    candidates = [
        *((path, "a draft of a process that was killed") for path in dead_drafts(folder)),
        *((path, "rows spilled by a process that was killed") for path in spills(artifacts)),
        *(
            (score_set_folder(artifacts, *one), "neither released nor the source of a list")
            for one in stored_score_sets(artifacts)
            if one not in kept
        ),
    ]
    return [measured(path, why) for path, why in candidates if last_write(path) <= now - idle]


def collect(
    folder: Path,
    *,
    keep: int,
    now: datetime,
    idle: timedelta,
    used: frozenset[tuple[str, str]],
    more: Sequence[Garbage],
    tell: Callable[[Garbage], None],
    dry_run: bool,
) -> list[Garbage]:
    """Tell of each piece of garbage, then remove them all; return them.

    Earlier releases beyond `keep` are forgotten before what they refer to is removed, so
    that a release never points to what is gone. See `garbage` for the other arguments;
    `more` is what others found to be garbage.

    Raises
    ------
    BusyError
        If a run is under way.
    """
    artifacts = folder / "artifacts"
    with alone(artifacts):
        release = read_release(artifacts).shortened(keep)
        found = [
            *garbage(folder, release, now=now, used=used, idle=idle),
            *(one for one in more if last_write(one.path) <= now - idle),
        ]
        for one in found:
            tell(one)
        if not dry_run:
            forget_earlier(artifacts, keep=keep)
            for one in found:
                discard(one.path)
    return found


def measured(path: Path, why: str) -> Garbage:
    """Return a piece of garbage with its size."""
    return Garbage(path, why, sum(one.stat().st_size for one in _files(path)))


def last_write(path: Path) -> datetime:
    """Return when a file, or anything in a folder, was last written to."""
    newest = max(one.stat().st_mtime for one in (path, *_files(path)))
    return datetime.fromtimestamp(newest, UTC)


def stored_score_sets(artifacts: Path) -> list[tuple[str, str]]:
    """Return model and id of every folder among the score sets, whole or damaged."""
    found = (artifacts / "scores").glob("*/[!.]*")
    return sorted((path.parent.name, path.name) for path in found if path.is_dir())


def _files(path: Path) -> Iterator[Path]:
    return (one for one in ([path] if path.is_file() else path.rglob("*")) if one.is_file())
