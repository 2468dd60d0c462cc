"""Tell of a release, whoever made it: what is live is looked at, and what is new is told."""

from pathlib import Path

from sqlalchemy import Engine

from campaigns.webhooks.events import emit
from pipeline.release import DamagedReleaseError, read_release, release_path


class ReleaseWatch:
    """Notices what goes live, also while nobody looked.

    Each process may have one: what is live is told of once. Of several releases of a model
    between two looks the last one is told of.
    """

    def __init__(self, artifacts: Path, state: Engine) -> None:
        self._artifacts = artifacts
        self._state = state
        self._seen: tuple[int, ...] | None = None

    def look(self) -> None:
        """Tell of what has gone live since the last look."""
        signature = self._signature()
        if signature == self._seen:
            return
        try:
            live = read_release(self._artifacts).models
        except DamagedReleaseError:
            return
        for model, entry in sorted(live.items()):
            released_at = entry.released_at.isoformat()
            emit(
                self._state,
                "release",
                {
                    "model": model,
                    "model_version": entry.version,
                    "score_set": entry.score_set,
                    "released_at": released_at,
                },
                entry.released_at,
                once=f"{model} {entry.version} {entry.score_set} {released_at}",
            )
        self._seen = signature

    def _signature(self) -> tuple[int, ...]:
        """Tell one release file from the next: each is another file, renamed into place."""
        try:
            status = release_path(self._artifacts).stat()
        except FileNotFoundError:
            return ()
        return status.st_ino, status.st_mtime_ns, status.st_size
