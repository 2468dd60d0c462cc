"""The pages are built into a site without a warning: a broken link or anchor is an error."""

import shutil
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
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    own.write_text(config.replace("paths: [src, .]", f"paths: [{ROOT / 'src'}, {ROOT}]"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(own)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / "reference" / "notebook.html").exists()
    for page in (tmp_path / "site" / "reference").glob("*.html"):
        said = page.read_text("utf-8")
        assert "<blockquote>" not in said, f"{page.name}: put examples under the heading Examples"
        assert ":func:" not in said, f"{page.name}: Markdown, not reStructuredText"
