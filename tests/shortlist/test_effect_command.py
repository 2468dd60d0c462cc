"""`shortlist effect`, as whoever types it meets it."""

import json
import os
import subprocess
import sys

import offers
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("effect")
    people = offers.members(600)
    made = offers.drawn("C-fair", 100, people)
    until = offers.FIRST + pd.Timedelta(days=150)
    data = offers.delivered(
        folder / "data",
        customers=people,
        transactions=pd.concat([offers.purchases(people, until=until), offers.helped(made, 100)]),
        campaigns=offers.campaigns(made),
        assignments=made,
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        return offers.validated(folder / "project", data, monkeypatch=monkeypatch)


def effect(project, name, *more):
    return subprocess.run(
        [sys.executable, "-m", "shortlist", "effect", name, "--project", project.folder, *more],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )


def test_it_answers_with_one_document_and_writes_the_same(project):
    done = effect(project, "C-fair", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    bought = next(row for row in told["added"] if row["outcome"] == "bought")
    assert bought["low"] > 0
    written = project.artifacts / "effects" / "C-fair"
    assert json.loads((written / "effect.json").read_text()) == told
    page = (written / "report.html").read_text()
    assert page.count("<svg") == 4  # bought, spent, margin, net
    assert "http" not in page


def test_an_unknown_name_is_refused_with_those_that_are_known(project):
    done = effect(project, "C-unfair")
    assert done.returncode == 1
    assert "there is no campaign and no promotion C-unfair" in done.stderr
    assert "C-fair" in done.stderr
