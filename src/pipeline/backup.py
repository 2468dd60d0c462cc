"""Carry the whole state of a project: into one file, and back out of it."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from pipeline.alone import alone
from pipeline.archive import Manifest, Packed, pack, unpack
from pipeline.durable import PARTIAL, scratch_folder, whole_folder
from pipeline.engine import SPILL
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.live_tables import LIVE_TABLES
from pipeline.lookup import LOOKUPS
from pipeline.pairs.kept_neighbours import KEPT_NEIGHBOURS
from pipeline.sifted_parts import SIFTED
from pipeline.stage import FAILURE

#: What makes a project, beside its artefacts.
PROJECT_FILES = ("params.yaml", "dvc.yaml", "dvc.lock", ".dvc/config")

#: Databases are copied by SQLite itself, which waits for whoever writes at the moment.
DATABASES = ("state.db", "mlflow.db")

#: What a project remembers only to save time.
_MEMORIES = (KEPT_GRAINS, KEPT_NEIGHBOURS, LIVE_TABLES, LOOKUPS, SIFTED)

#: Where a backup is unpacked before anything of the project is touched.
RESTORED = ".restored"

#: Where MLflow remembers absolute places.
_PLACES = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
}


class BackupError(ValueError):
    """A backup cannot be made, or not be restored here."""


def backup(folder: Path, to: Path, *, at: datetime) -> Manifest:
    """Write the whole state of a project into one file.

    The state database comes first, then what is live, then all that these refer to, which is
    never changed while the run lock is held: what the file holds fits together.

    Raises
    ------
    BackupError
        If there is nothing to back up, or the file exists already or lies in the artefacts.
    BusyError
        If a run is under way.
    """
    folder, to = folder.resolve(), to.resolve()
    artifacts = folder / "artifacts"
    if not artifacts.is_dir():
        raise BackupError(f"{folder} holds no artifacts, so there is nothing to back up.")
    if to.exists() or to.is_relative_to(artifacts):
        why = "exists already" if to.exists() else "lies in what is to be backed up"
        raise BackupError(f"{to} {why}. Name another file.")
    with (
        alone(artifacts),
        scratch_folder(folder / "backup") as copies,
    ):
        return pack(to, _state(folder, copies), artifacts=artifacts, created_at=at)


def restore(folder: Path, archive: Path, *, replace: bool = False) -> Manifest:
    """Put a project back as it was when the archive was made.

    Everything is unpacked and checked beside the project first, so that a refused archive
    leaves the project untouched. Then its files are moved into place, the artefacts last; a
    restore that was killed meanwhile is simply run again.

    Raises
    ------
    BackupError
        If the project has artefacts already, and `replace` is not set.
    ForeignArchiveError, DamagedArchiveError
        If the archive cannot be trusted.
    BusyError
        If a run is under way.
    """
    folder = folder.resolve()
    artifacts, unpacked = folder / "artifacts", folder / RESTORED
    if any(_lasting(artifacts)) and not replace:
        raise BackupError(
            f"{folder} holds artifacts already. Restore into an empty folder with --project DIR, "
            "or give --replace to put the backup in their place."
        )
    with whole_folder(unpacked) as draft:
        manifest = unpack(archive, draft)
        _relocate(draft / "artifacts" / "mlflow.db", manifest.artifacts, str(artifacts))
    with alone(artifacts):
        for name in PROJECT_FILES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if (unpacked / name).exists():
                (unpacked / name).replace(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
        if artifacts.exists():
            artifacts.rename(unpacked / "replaced")
        (unpacked / "artifacts").rename(artifacts)
    shutil.rmtree(unpacked)
    return manifest


def _state(folder: Path, copies: Path) -> Iterator[Packed]:
    """Yield what a project is made of, databases as copies that nobody writes to."""
    artifacts = folder / "artifacts"
    for name in DATABASES:
        if (artifacts / name).exists():
            _copy_database(artifacts / name, copies / name)
            yield Packed(f"artifacts/{name}", copies / name)
    if (artifacts / "release.json").exists():
        yield Packed("artifacts/release.json", artifacts / "release.json")
    for name in PROJECT_FILES:
        if (folder / name).exists():
            yield Packed(name, folder / name)
    done = {*DATABASES, "release.json", FAILURE}
    for path in _lasting(artifacts):
        if str(path.relative_to(artifacts)) not in done:
            yield Packed(path.relative_to(folder).as_posix(), path)


def _lasting(artifacts: Path) -> Iterator[Path]:
    """Yield the files that are no drafts, spills, locks, memories or journals of a database."""
    for root, folders, names in os.walk(artifacts):
        folders[:] = sorted(f for f in folders if not f.startswith((PARTIAL, SPILL)))
        if Path(root) == artifacts:  # many gigabytes, and the next run builds them again
            folders[:] = [name for name in folders if name not in _MEMORIES]
        for name in sorted(names):
            passing = name.endswith((".lock", ".db-wal", ".db-shm", ".db-journal"))
            if not passing and not name.startswith(PARTIAL):
                yield Path(root) / name


def _copy_database(path: Path, to: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)


def _relocate(registry: Path, before: str, now: str) -> None:
    """Let MLflow find its files where they have come to lie."""
    if before == now or not registry.exists():
        return
    with closing(sqlite3.connect(registry)) as connection, connection:
        for table, columns in _PLACES.items():
            for column in columns:
                connection.execute(
                    f"UPDATE {table} SET {column} = replace({column}, ?, ?)",  # noqa: S608 - names above
                    [f"{Path(before).as_uri()}/", f"{Path(now).as_uri()}/"],
                )
