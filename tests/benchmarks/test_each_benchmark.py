"""Every benchmark is made by name, in both sizes, and has its place on the page."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks"
SCRIPTS = {
    path.stem: text
    for path in sorted(FOLDER.glob("*.py"))
    if "__main__" in (text := path.read_text(encoding="utf-8"))
}
PAGE = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")

#: Whose sizes are those of another script, or the same.
SIZED_ELSEWHERE = {
    "cdnow": "2,357 customers, at either size",
    "forget": "service.py makes its project",
    "promotion_truth": "its chain is that of lift_truth.py",
}
#: What has no section yet, and why.
WITHOUT_SECTION = {
    "incremental_day": "it was never run to its end at its full size",
}


def made(tmp_path, *asked):
    """Return what `make` would run: script, size, whether absent data are an error."""
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(
        '#!/bin/sh\necho "ran $1 ${SHORTLIST_SIZE:-none} ${SHORTLIST_ABSENT:-error}"\n'
    )
    python.chmod(0o755)
    for name in (".installed", ".installed-all"):
        (tmp_path / name).touch()
    told = ("MAKE", "MFLAGS", "SIZE", "SHORTLIST_")  # by the `make test` that runs this
    clean = {name: value for name, value in os.environ.items() if not name.startswith(told)}
    ran = subprocess.run(
        ["make", "--no-print-directory", f"VENV={tmp_path}", f"PYTHON={python}", *asked],  # noqa: S607
        cwd=ROOT,
        env=clean,
        capture_output=True,
        text=True,
        check=True,
    )
    return [tuple(line.split()[1:]) for line in ran.stdout.splitlines() if line.startswith("ran ")]


@pytest.mark.parametrize(("asked", "size"), [([], "small"), (["SIZE=full"], "full")])
def test_make_bench_runs_every_script_small_unless_told_otherwise(tmp_path, asked, size):
    assert sorted(made(tmp_path, "bench", *asked)) == [
        (f"benchmarks/{name}.py", size, "skip") for name in sorted(SCRIPTS)
    ]


def test_one_that_is_asked_for_by_name_is_measured_in_full(tmp_path):
    assert made(tmp_path, "bench-lift-cost") == [("benchmarks/lift_cost.py", "none", "error")]


def test_every_script_has_a_small_size():
    sized = {
        name for name, text in SCRIPTS.items() if re.search(r"\b(sized|fewer_customers)\(", text)
    }
    assert set(SCRIPTS) - sized == set(SIZED_ELSEWHERE)


def test_every_script_has_a_section_of_its_own_and_every_section_a_script():
    sections = set(re.findall(r"<!-- (\w+): begin -->", PAGE))
    assert set(SCRIPTS) - sections <= set(WITHOUT_SECTION)
    assert sections <= set(SCRIPTS)


def test_the_list_of_benchmarks_names_every_script():
    listed = re.findall(
        r"^\| `(\w+)` \|", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(listed) == sorted(SCRIPTS)
