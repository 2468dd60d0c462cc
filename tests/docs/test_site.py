"""The pages are built into a site without a warning: a broken link or anchor is an error."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.nightly
def test_the_site_is_built_strictly(tmp_path):
    pytest.importorskip("zensical", reason="the group docs is not installed")
    config = (ROOT / "mkdocs.yml").read_text("utf-8")
    own = tmp_path / "mkdocs.yml"
    own.write_text(
        config.replace("docs_dir: docs", f"docs_dir: {ROOT / 'docs'}").replace(
            "paths: [src, .]", f"paths: [{ROOT / 'src'}, {ROOT}]"
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(own)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / "reference" / "notebook.html").exists()
