"""What a killed run leaves of DVC's own bookkeeping, and how it is mended.

DVC's repository lock is the operating system's and ends with the process, and DVC strikes
dead processes off its list of who reads and writes (`.dvc/tmp/rwlock`). Two things it cannot
mend by itself. It writes that list and `dvc.lock` in place: a process killed while it writes
leaves a cut file, and every later command fails. And it knows processes by number alone: a
number that was given to somebody else since, as in a container, where every run has the
same, looks like a run that never ends.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple


class BrokenFile(NamedTuple):
    """A file of DVC that keeps it from working, and may be removed.

    Attributes
    ----------
    path : Path
        The file.
    found : str
        What is wrong with it.
    """

    path: Path
    found: str


def broken_files(folder: Path) -> list[BrokenFile]:
    """Return what keeps DVC from working in a project though nobody is at work.

    Removing `dvc.lock` loses nothing but time: what it lists is done again, and every stage
    gives the same result for the same inputs.
    """
    found = []
    lock, rwlock = folder / "dvc.lock", folder / ".dvc" / "tmp" / "rwlock"
    if lock.exists() and not _is_whole_lock(lock):
        found.append(BrokenFile(lock, "was cut off while it was written"))
    if rwlock.exists():
        holders = _holders(rwlock)
        if holders is None:
            found.append(BrokenFile(rwlock, "was cut off while it was written"))
        elif holders and not any(_is_running(pid, since=rwlock) for pid in holders):
            found.append(BrokenFile(rwlock, "names processes that have ended"))
    return found


def mend(folder: Path) -> list[BrokenFile]:
    """Remove the files that keep DVC from working; return which.

    To be called by the one who holds the project's run lock.
    """
    found = broken_files(folder)
    for one in found:
        one.path.unlink()
    return found


def _is_whole_lock(path: Path) -> bool:
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from dvc.utils.serialize import loads_yaml
    from ruamel.yaml.error import YAMLError
    from voluptuous import Invalid

    try:
        COMPILED_LOCKFILE_SCHEMA(loads_yaml(path.read_text(encoding="utf-8")))
    except (YAMLError, Invalid, UnicodeDecodeError):
        return False
    return True


def _holders(path: Path) -> set[int] | None:
    """Return the processes that `rwlock` names; none at all if it cannot be read."""
    try:
        listed: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        writers = list(listed.get("write", {}).values())
        readers = [one for several in listed.get("read", {}).values() for one in several]
        return {int(one["pid"]) for one in writers + readers}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _is_running(pid: int, *, since: Path) -> bool:
    """Tell whether a process runs that was there already when the file was last written."""
    import psutil

    try:
        return bool(psutil.Process(pid).create_time() <= since.stat().st_mtime)
    except psutil.NoSuchProcess:
        return False
