"""Short digests that change whenever what they stand for does."""

import hashlib
import inspect
import json
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from types import FunctionType
from typing import Any

from features.definition import Coded, Coding, Feature, Grain, View
from features.pair_context import offered, pair_context
from features.pairs import PairFeature

_CONSTANTS = (str, int, float, tuple, frozenset)


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


def definition_digest(one: Feature | Coded | PairFeature) -> str:
    """Return a digest of a column's definition: its code, its rows', and what it declares."""
    if isinstance(one, PairFeature):
        rows = [function_code(part) for part in (pair_context, offered)]
        return digest(one.name, function_code(one.value), one.unit, rows)
    if isinstance(one, Coded):
        return digest(one.name, coding_code(one.coding), one.unit)
    return digest(
        one.name, function_code(one.aggregate), one.unit, one.empty, rows_digest(one.grain)
    )


def coding_code(coding: Coding) -> list[str]:
    """Return the source of how a coding is fitted, applied and described."""
    parts = (coding.fit, coding.apply, coding.describe)
    return [line for part in parts for line in function_code(part)]


def rows_digest(source: Grain | View) -> str:
    """Return a digest of the code and the sources of a grain, or of a view and its base."""
    base = rows_digest(source.base) if isinstance(source, View) else ""
    return digest(function_code(source.build), source.sources, base)


def function_code(function: Callable[..., Any]) -> list[str]:
    """Return the source of a function, of our own helpers it calls, and constants it names.

    A helper that changes changes every feature that calls it; a neighbour in the same file
    does not.
    """
    todo: list[Any] = [inspect.unwrap(function)]
    seen: dict[int, str] = {}
    while todo:
        current = todo.pop()
        if isinstance(current, partial):
            seen[id(current)] = repr((current.args, sorted(current.keywords.items())))
            current = current.func
        if id(current) in seen:
            continue
        if not isinstance(current, FunctionType):
            seen[id(current)] = repr(current) if isinstance(current, _CONSTANTS) else ""
            continue
        seen[id(current)] = inspect.getsource(current)
        closure = inspect.getclosurevars(current)
        named = {**closure.globals, **closure.nonlocals}
        todo.extend(named[name] for name in sorted(named) if _is_ours(named[name]))
    return [code for code in seen.values() if code]


def _is_ours(value: Any) -> bool:
    if isinstance(value, FunctionType):
        return value.__module__.partition(".")[0] in {"features", "models", "pipeline"}
    return isinstance(value, _CONSTANTS)


def code_digest(*packages: str) -> str:
    """Return one digest over the Python files of our own packages."""
    return digest([folder_digest(Path(str(files(p))), patterns=("*.py",)) for p in packages])
