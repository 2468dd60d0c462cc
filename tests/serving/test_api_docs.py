"""The lines of docs/api.md do what the page says."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from receiver import receiving
from scored import go_live, many
from service import running

from campaigns.keys import SCOPES
from serving.app import create_app
from serving.settings import ServingSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
PATHS = create_app(ServingSettings()).openapi()["paths"]
SHORTLIST = f'shortlist() {{ "{sys.executable}" -m shortlist "$@"; }}\n'


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
def test_every_line_of_the_page_works(tmp_path):
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)
    assert blocks[0] == "shortlist serve\n"
    script, bash = "\n".join(blocks[1:]), str(shutil.which("bash"))
    go_live(tmp_path / "artifacts", many(2000))
    allowed = {"webhooks_allow": "127.0.0.1"}
    with receiving() as receiver, running(tmp_path / "artifacts", **allowed) as service:
        script = script.replace("http://127.0.0.1:8000", service.address)
        script = script.replace("https://crm.example/hook", receiver.url)
        python = f'python() {{ "{sys.executable}" "$@"; }}\n'
        done = subprocess.run(
            [bash, "-euo", "pipefail", "-c", SHORTLIST + python + script],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    answers = done.stdout
    assert '"status":"ready"' in answers
    assert '"rank":101' in answers
    assert answers.rstrip().endswith('"pointer":"#/size"}]}')
    assert json.loads((tmp_path / "list.json").read_text())["selected"] == 1000


def test_the_problem_shown_is_the_problem_answered(client):
    shown = json.loads(re.search(r"```json\n(.*?)```", PAGE, flags=re.DOTALL).group(1))
    answered = client.post("/v1/lists", json={"model": "customer_activity", "size": 0}).json()
    assert answered | {"request_id": ""} == shown | {"request_id": ""}


def test_every_scope_is_on_the_page():
    assert set(re.findall(r"^\| `([a-z]+(?::[a-z]+)?)` \|", PAGE, flags=re.MULTILINE)) == set(
        SCOPES
    )


def test_every_area_of_the_interface_is_on_the_page():
    areas = {path.split("/")[2].partition(":")[0] for path in PATHS if path.startswith("/v1/")}
    # Products take baskets, or a model of pairs: reading_lists.md tells of them.
    assert {area for area in areas if f"/v1/{area}" not in PAGE} == {"products"}
