"""`shortlist simulate` as a person types it."""

import json

import pytest
from typer.testing import CliRunner

from pipeline.simulator.simulate import SimulationError
from shortlist.commands.simulate import NotADateError, UnknownPresetError, simulate
from shortlist.verb import group, verb

app = group("Try one command.")
app.command()(verb(simulate))


@app.command()
def other() -> None:
    """Exist, so that the first keeps its name."""


def run(*words):
    return CliRunner().invoke(app, ["simulate", *map(str, words)])


def test_it_writes_the_tables_and_says_what_next(tmp_path):
    answer = run("--members", 50, "--months", 6, "--to", tmp_path / "demo")
    assert answer.exit_code == 0, answer.output
    assert (tmp_path / "demo" / "transactions.parquet").exists()
    assert (tmp_path / "demo" / "truth" / "activity.parquet").exists()
    assert "shortlist validate" in answer.output


def test_json_is_one_document(tmp_path):
    answer = run("--members", 50, "--months", 6, "--to", tmp_path / "demo", "--json")
    assert json.loads(answer.stdout)["rows"]["truth/members"] == 50


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        (("--preset", "bakery"), UnknownPresetError, "refill, retail, software"),
        (("--until", "tomorrow"), NotADateError, "YYYY-MM-DD"),
        (("--members", 0), SimulationError, "at least 1"),
        (("--months", 0), SimulationError, "1 to 240"),
    ],
)
def test_what_cannot_be_simulated_is_said_in_one_line(tmp_path, words, error, says):
    answer = run(*words, "--to", tmp_path / "demo")
    assert isinstance(answer.exception, error)
    assert says in str(answer.exception)
    assert not (tmp_path / "demo").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    answer = run("--members", 50, "--months", 6, "--to", tmp_path)
    assert isinstance(answer.exception, SimulationError)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
