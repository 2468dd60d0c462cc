"""Short digests that change whenever what they stand for does."""

import hashlib
import inspect
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from features.definition import Feature, Grain


def digest(*parts: Any) -> str:
    """Return 16 hexadecimal digits over JSON-able parts.

    Examples
    --------
    >>> digest("a", 1) == digest("a", 1), digest("a", 1) == digest("a", 2)
    (True, False)
    """
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_digest(folder: Path, *, patterns: tuple[str, ...] = ("*",)) -> str:
    """Return one digest over the names and bytes of the files below a folder."""
    found = {path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()}
    return digest([(str(p.relative_to(folder)), file_digest(p)) for p in sorted(found)])


def definition_digest(one: Feature) -> str:
    """Return a digest of a feature's definition: its code, its grain's, and what it declares."""
    code = inspect.getsource(inspect.unwrap(one.aggregate))
    return digest(one.name, code, one.unit, one.empty, grain_digest(one.grain))


def grain_digest(grain: Grain) -> str:
    """Return a digest of a grain's code and sources."""
    return digest(inspect.getsource(grain.build), grain.sources)


def code_digest(*packages: str) -> str:
    """Return one digest over the Python files of our own packages."""
    return digest([folder_digest(Path(str(files(p))), patterns=("*.py",)) for p in packages])
