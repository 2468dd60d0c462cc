"""Write whole or not at all: temporary name, flush to disk, rename."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Marks what an interrupted run left behind; `shortlist doctor` looks for it.
PARTIAL = ".partial-"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which replaces it once the block succeeds.

    A crash, or an exception in the block, leaves the old file as it was.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_file(folder / "greeting.txt") as draft:
    ...     _ = draft.write_text("hello")
    >>> (folder / "greeting.txt").read_text()
    'hello'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path)
    try:
        yield draft
        _flush(draft)
        draft.replace(path)
        _flush(path.parent)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside `path`, which replaces it once the block succeeds.

    Readers see the old folder or the new one. Between the two renames of a replacement
    they may see none: what is read while it is replaced belongs into a folder of its own
    that a file names, as `release.json` does.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        yield draft
        for file in draft.rglob("*"):
            _flush(file)
        _flush(draft)
        if path.exists():
            old = _draft(path.with_name(f"old-{path.name}"))
            path.rename(old)
            draft.rename(path)
            shutil.rmtree(old)
        else:
            draft.rename(path)
        _flush(path.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path`, for its owner alone, that goes with the block.

    It bears the name of a draft, so that it is found where the process was killed.
    """
    draft = _draft(path)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_json(path: Path, document: Any) -> None:
    """Replace the file by `document` as JSON: indented, keys in the given order, UTF-8."""
    text = json.dumps(document, indent=2, ensure_ascii=False, default=str, allow_nan=False)
    with whole_file(path) as draft:
        draft.write_text(text + "\n", encoding="utf-8")


def _draft(path: Path) -> Path:
    """Return a name beside `path` that no other process or thread uses at this moment."""
    return path.with_name(f"{PARTIAL}{os.getpid()}-{threading.get_ident()}-{path.name}")


def _flush(path: Path) -> None:
    """Make sure that a file's bytes, or a folder's entries, have reached the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
