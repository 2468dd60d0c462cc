"""`shortlist list diff` and `export`, and `companions`, as a person or a script meets them."""

import csv
import json

import pytest
from scored import MODEL, NOBODY_HELD_OUT, go_live, many
from small_shop import small_shop
from typer.testing import CliRunner

from campaigns.exports import UnknownFieldError
from shortlist.cli import app


def shortlist(folder, *words):
    result = CliRunner().invoke(
        app, ["--project", str(folder), *map(str, words)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return result.stdout


def document(folder, *words):
    return json.loads(shortlist(folder, "--json", *words))


@pytest.fixture
def built(tmp_path):
    """A function that builds a list and returns its id."""
    go_live(tmp_path / "artifacts", many(50), base=60)

    def build(**spec):
        path = tmp_path / "spec.json"
        path.write_text(json.dumps({"model": MODEL, "size": 20, **NOBODY_HELD_OUT, **spec}))
        return document(tmp_path, "list", "build", path)["id"]

    return build


def test_two_lists_are_compared_from_the_earlier_to_the_later(tmp_path, built):
    before, now = built(), built(size=23)
    found = document(tmp_path, "list", "diff", before, now)
    assert (found["joined"], found["left"], found["spec_changes"]) == (3, 0, ["size"])
    said = shortlist(tmp_path, "list", "diff", before, now)
    assert "3 joined: 3 below cut off before" in said
    assert "0 left\n" in said
    assert "Because of: spec (size)" in said
    assert "nothing differs" in shortlist(tmp_path, "list", "diff", now, now)


def test_an_export_is_one_file_and_says_how_many(tmp_path, built):
    file = tmp_path / "spring.csv"
    found = document(
        tmp_path,
        "list",
        "export",
        built(),
        "--to",
        file,
        "--field",
        "customer_id",
        "--field",
        "rank",
    )
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert rows[0] == {"customer_id": "c00000", "rank": "1"}
    assert (found["rows"], len(rows), found["file"]) == (20, 20, str(file))
    said = shortlist(tmp_path, "list", "export", built(), "--format", "ndjson", "--to", file)
    assert "20 of 20 members" in said
    assert json.loads(file.read_text().splitlines()[0])["customer_id"] == "c00000"


def test_an_export_that_fails_leaves_the_file_as_it_was(tmp_path, built):
    file = tmp_path / "spring.csv"
    file.write_text("of last year")
    with pytest.raises(UnknownFieldError):
        shortlist(tmp_path, "list", "export", built(), "--to", file, "--field", "salary")
    assert file.read_text() == "of last year"


def test_companions_are_looked_for_in_the_tables_of_the_project(tmp_path):
    small_shop(tmp_path)
    found = document(tmp_path, "companions", "kettle")
    assert (found["lead"], found["as_of"], found["companions"]) == ("kettle", "2024-06-06", [])
    assert "Bought with kettle" in shortlist(tmp_path, "companions", "kettle")
