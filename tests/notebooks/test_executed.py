"""Every notebook runs top to bottom on a small shop, and its answer holds there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A demo of 3,000 members, made by a process of its own."""
    folder = tmp_path_factory.mktemp("shop")
    made = f"from shortlist import project; project.demo({str(folder)!r})"
    subprocess.run([sys.executable, "-c", made], check=True, env=environment())
    return folder


def environment(**more):
    path = os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, **more}


@pytest.mark.parametrize(
    "notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem
)
def test_the_answer_of_a_notebook_holds(notebook, shop, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute"),
            *("--output-dir", str(tmp_path), "--log-level", "ERROR", str(notebook)),
        ],
        env=environment(SHORTLIST_PROJECT=str(shop)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
