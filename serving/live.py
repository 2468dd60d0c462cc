"""What is live, as this process last managed to read it."""

import threading
from pathlib import Path
from typing import NamedTuple

from pipeline.release import DamagedReleaseError, Release, Released, read_release, release_path
from pipeline.score_set import (
    DamagedScoreSetError,
    ScoreSet,
    UnknownScoreSetError,
    read_score_set,
)


class NotReadyError(RuntimeError):
    """Nothing is live that could be answered from."""


class View(NamedTuple):
    """One consistent look at what is live.

    Attributes
    ----------
    release : Release
        What answers are made from: the newest release that could be read.
    score_sets : dict
        The score set of each live model.
    problems : tuple of str
        What of the newest release could not be read, if anything.
    behind : frozenset of str
        Models whose newest entry could not be read: those that answer do so from their last.
    """

    release: Release
    score_sets: dict[str, ScoreSet]
    problems: tuple[str, ...]
    behind: frozenset[str] = frozenset()


class LiveRelease:
    """Follows `release.json` without a restart.

    Looking costs one `stat` a request; the file is read when it has been replaced. What
    cannot be read leaves the last good entry of the model in force.
    """

    def __init__(self, artifacts: Path) -> None:
        self._artifacts = artifacts
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] | None = None
        self._view = View(Release(), {}, ("nothing has been read yet",))

    def view(self) -> View:
        """Return what is live now."""
        if self._signature() != self._seen:
            with self._lock:
                signature = self._signature()
                if signature != self._seen:
                    self._view = self._read()
                    self._seen = signature
        return self._view

    def model(self, name: str) -> Released:
        """Return what is live of a model.

        Raises
        ------
        NotReadyError
            If nothing could be read so far.
        UnreleasedModelError
            If no version of the model is live.
        """
        view = self.view()
        if not view.release.models and view.problems:
            raise NotReadyError(view.problems[0])
        return view.release.live(name)

    def _read(self) -> View:
        last = self._view
        try:
            newest = read_release(self._artifacts)
        except DamagedReleaseError as error:
            return last._replace(problems=(str(error),))
        if not newest.models and last.release.models:
            return last._replace(problems=("release.json has gone. Restore it from a backup.",))
        models: dict[str, Released] = {}
        score_sets: dict[str, ScoreSet] = {}
        problems: list[str] = []
        behind: set[str] = set()
        for name, entry in newest.models.items():
            try:
                score_sets[name] = read_score_set(self._artifacts, name, entry.score_set)
                models[name] = entry
            except (UnknownScoreSetError, DamagedScoreSetError) as error:
                problems.append(str(error))
                behind.add(name)
                if name in last.score_sets:
                    score_sets[name] = last.score_sets[name]
                    models[name] = last.release.models[name]
        if not newest.models:
            problems.append("nothing has been released yet. Run `shortlist run`.")
        release = newest.model_copy(update={"models": models})
        return View(release, score_sets, tuple(problems), frozenset(behind))

    def _signature(self) -> tuple[int, ...]:
        """Tell one release file from the next: each is another file, renamed into place."""
        try:
            status = release_path(self._artifacts).stat()
        except FileNotFoundError:
            return ()
        return status.st_ino, status.st_mtime_ns, status.st_size
