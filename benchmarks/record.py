"""How large a benchmark is, and its section of docs/benchmarks.md: when and on what it ran."""

import os
import platform
import resource
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn, TypeVar

from pipeline.durable import whole_file

ROOT = Path(__file__).parent.parent
#: What `SHORTLIST_SIZE` may name, and the page that each is written to.
PAGES = {"full": ROOT / "docs" / "benchmarks.md", "small": ROOT / "artifacts" / "benchmarks.md"}
SIZE = os.environ.get("SHORTLIST_SIZE") or "full"
if SIZE not in PAGES:
    raise SystemExit(f"SHORTLIST_SIZE is {SIZE!r}: use one of {', '.join(PAGES)}.")
PAGE = PAGES[SIZE]
_ASKED = "" if SIZE == "full" else f"SHORTLIST_SIZE={SIZE} "
_STARTED = time.monotonic()
Given = TypeVar("Given")
HEADING = """# Benchmarks

Each section is written by its own command. Compare ratios, not seconds, with other machines.
"""


def sized(full: Given, *, small: Given) -> Given:
    """Return what belongs to the size that was asked for.

    `SHORTLIST_SIZE=small` is a quick look, for `make bench`: its figures mean little, and go to
    artifacts/benchmarks.md. Without it, and with `full`, docs/benchmarks.md is written.
    """
    return full if SIZE == "full" else small


def data_file(name: str) -> Path:
    """Return the path of a public data file.

    It is looked for in the folder that SHORTLIST_DATA names, or in `../shared/data` beside
    the repository.

    Raises
    ------
    SystemExit
        If it is not there; see `absent`.
    """
    beside = Path(__file__).parent.parent.parent / "shared" / "data"
    path = Path(os.environ.get("SHORTLIST_DATA", beside)) / name
    if not path.exists():
        absent(f"{name} is not there: set SHORTLIST_DATA to the folder that holds it")
    return path


def absent(what: str) -> NoReturn:
    """End because something that a benchmark needs is not on this machine.

    Raises
    ------
    SystemExit
        A failure, but where SHORTLIST_ABSENT is `skip`, as `make bench` sets it: there the others
        are to go on.
    """
    if os.environ.get("SHORTLIST_ABSENT") == "skip":
        print(f"{Path(sys.argv[0]).stem} left out: {what}")
        raise SystemExit(0)
    raise SystemExit(what)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is text, the others are right-aligned."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def record(name: str, title: str, body: str, *, packages: Sequence[str]) -> None:
    """Print a section and put it in the place of its predecessor on the page of the size.

    Parameters
    ----------
    name : str
        Name of the script; the section stands between markers of this name.
    title : str
        Heading.
    body : str
        Markdown.
    packages : sequence of str
        Distributions whose versions belong to the result.
    """
    section = f"## {title}\n\n{body.strip()}\n\n{_conditions(name, packages)}\n"
    print(section)
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else HEADING
    before, found, rest = page.partition(begin)
    after = rest.partition(end)[2] if found else "\n"
    separator = "" if found else "\n"
    with whole_file(PAGE) as draft:
        text = f"{before}{separator}{begin}\n{section}{end}{after}"
        draft.write_text(text, encoding="utf-8")


def _conditions(name: str, packages: Sequence[str]) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    processor = sum(one.ru_utime + one.ru_stime for one in used)
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} by `{_ASKED}python benchmarks/{name}.py` on "
        f"{os.cpu_count()} cores, {memory:.0f} GiB; Python {platform.python_version()}, "
        f"{versions}. In all {time.monotonic() - _STARTED:,.0f} s, {processor:,.0f} s of processor."
    )
