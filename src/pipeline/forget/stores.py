"""What the line keeps of persons: which stores there are, how each is counted and erased."""

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path

from pipeline.durable import whole_file
from pipeline.forget.folders import erase_files, parquet_files
from pipeline.forget.rows import count_rows
from pipeline.forget.scores import erase_scores
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.leftovers import dead_drafts, discard, spills
from pipeline.lookup import LOOKUPS
from pipeline.pairs.kept_neighbours import KEPT_NEIGHBOURS
from pipeline.sifted_parts import SIFTED

#: What is remembered only to save time goes as a whole.
MEMORIES = (KEPT_GRAINS, KEPT_NEIGHBOURS, LOOKUPS, SIFTED)

#: Lists have their own way; see `campaigns.forget`.
LISTS = "lists"
CACHE = "dvc cache"
#: Whom an erasure is about, kept under the artefacts until it has ended; it alone names them.
JOURNAL = "forgetting.json"

_TEXTS = frozenset({".json", ".csv", ".ndjson", ".html", ".md", ".txt", ".log", ".yaml", ".yml"})
#: Shorter ids, and those without a digit, stand in texts by chance: they are not looked for.
_TELLING = 6
_PLACEHOLDER = "(forgotten)"


def count_stores(folder: Path, people: Collection[str]) -> Counter[str]:
    """Return how many rows of some persons each store of the line holds."""
    artifacts = folder / "artifacts"
    found: Counter[str] = Counter()
    # A service may write lookups at any time; grains and neighbours only a run does.
    for path in parquet_files(artifacts, but={LISTS, KEPT_GRAINS, KEPT_NEIGHBOURS, SIFTED}):
        found[_store(artifacts, path)] += count_rows(path, people)
    for path in _texts(artifacts):
        found["texts"] += _in_text(path, people)
    for path in _cached(folder):
        found[CACHE] += _holds(path, people)
    return +found


def erase_stores(folder: Path, people: Collection[str], *, at: datetime) -> None:
    """Remove persons from every store of the line, scores first; DVC's cache comes last."""
    artifacts = folder / "artifacts"
    for draft in (*dead_drafts(folder), *spills(artifacts)):
        discard(draft)
    for one in sorted((artifacts / "scores").glob("*/[!.]*")):
        erase_scores(one, people, at=at)
    files = parquet_files(artifacts, but={LISTS, "scores", *MEMORIES})
    for _, own in groupby(files, key=lambda path: path.parent):
        erase_files(list(own), people, at=at)
    erase_memories(artifacts)
    for path in _texts(artifacts):
        if _in_text(path, people):
            _replace_in_text(path, people)
    erase_cache(folder, people)


def erase_memories(artifacts: Path) -> None:
    """Remove what is kept only to save time."""
    for name in MEMORIES:
        # A service may be writing into it; what is left is found by whoever counts afterwards.
        shutil.rmtree(artifacts / name, ignore_errors=True)


def erase_cache(folder: Path, people: Collection[str]) -> None:
    """Remove the files of DVC's cache that hold some persons, and the folders that name these.

    The cache holds what earlier runs made, under names that follow from the contents, so that
    nothing in it can be rewritten. What is gone from it is made again if it is asked for.
    """
    gone = set()
    for path in _cached(folder):
        if _holds(path, people):
            gone.add(path.parent.name + path.name)
            discard(path)
    for path in (folder / ".dvc" / "cache").rglob("*.dir"):
        listed = {str(one["md5"]) for one in json.loads(path.read_text(encoding="utf-8"))}
        if listed & gone:
            discard(path)


def _store(artifacts: Path, path: Path) -> str:
    return path.relative_to(artifacts).parts[0]


def _cached(folder: Path) -> Iterator[Path]:
    files = (folder / ".dvc" / "cache").rglob("*")
    return (one for one in sorted(files) if one.is_file() and one.suffix != ".dir")


def _holds(path: Path, people: Collection[str]) -> int:
    with path.open("rb") as file:
        is_table = file.read(4) == b"PAR1"
    if is_table:
        return int(count_rows(path, people) > 0)
    content = path.read_bytes()
    return int(any(_pattern(one).search(content) for one in people if _is_telling(one)))


def _texts(artifacts: Path) -> Iterator[Path]:
    """Yield the texts that may name persons; those of lists, and of packed code, do not."""
    for root, folders, files in os.walk(artifacts):
        own = Path(root)
        if own == artifacts:
            folders[:] = [name for name in folders if name not in {LISTS, *MEMORIES}]
        folders[:] = sorted(name for name in folders if name != "code")
        told = (name for name in sorted(files) if Path(name).suffix in _TEXTS)
        yield from (own / name for name in told if name != JOURNAL)


def _in_text(path: Path, people: Collection[str]) -> int:
    content = path.read_bytes()
    named = (one for one in people if _is_telling(one) and one.encode() in content)
    return sum(len(_pattern(one).findall(content)) for one in named)


def _replace_in_text(path: Path, people: Iterable[str]) -> None:
    content = path.read_bytes()
    for one in filter(_is_telling, people):
        content = _pattern(one).sub(_PLACEHOLDER.encode(), content)
    with whole_file(path) as draft:
        draft.write_bytes(content)


def _is_telling(person: str) -> bool:
    return len(person) >= _TELLING and any(letter.isdigit() for letter in person)


def _pattern(person: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![A-Za-z0-9_-])" + re.escape(person.encode()) + rb"(?![A-Za-z0-9_-])")
