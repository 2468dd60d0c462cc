"""A benchmark replaces its own section of the page and nothing else."""

import importlib.util
import re
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "record.py"


def loaded():
    spec = importlib.util.spec_from_file_location("record", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def recorder(tmp_path):
    module = loaded()
    module.PAGE = tmp_path / "benchmarks.md"
    return module


def test_second_run_replaces_its_section_and_leaves_the_others(recorder):
    for name, body in [("bank", "first"), ("cost", "kept"), ("bank", "second")]:
        recorder.record(name, name.title(), body, packages=["numpy"])
    page = recorder.PAGE.read_text(encoding="utf-8")
    assert "first" not in page
    assert page.index("second") < page.index("kept")
    assert page.count("<!-- bank: begin -->") == page.count("<!-- bank: end -->") == 1


def test_section_says_when_and_on_what_it_ran(recorder):
    recorder.record("bank", "Bank", "body", packages=["numpy"])
    page = recorder.PAGE.read_text(encoding="utf-8")
    assert "by `python benchmarks/bank.py` on" in page
    assert "GiB; Python" in page
    assert re.search(r"numpy \S+\. In all \d+ s, \d+ s of processor\.", page)


def test_table_aligns_figures_to_the_right(recorder):
    assert recorder.table(["model", "AUC"], [["ours", "0.8"]]) == (
        "| model | AUC |\n| --- | ---: |\n| ours | 0.8 |"
    )


def test_absent_data_is_named(recorder, monkeypatch, tmp_path):
    monkeypatch.setenv("SHORTLIST_DATA", str(tmp_path))
    with pytest.raises(SystemExit, match=r"nothing\.csv is not there: set SHORTLIST_DATA"):
        recorder.data_file("nothing.csv")


def test_where_others_are_to_go_on_absent_data_are_no_failure(
    recorder, monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("SHORTLIST_DATA", str(tmp_path))
    monkeypatch.setenv("SHORTLIST_ABSENT", "skip")
    with pytest.raises(SystemExit) as ended:
        recorder.data_file("nothing.csv")
    assert ended.value.code == 0
    assert "left out: nothing.csv is not there" in capsys.readouterr().out


def test_a_quick_look_writes_to_another_page(monkeypatch):
    monkeypatch.setenv("SHORTLIST_SIZE", "small")
    small = loaded()
    assert small.PAGE.relative_to(small.ROOT).parts == ("artifacts", "benchmarks.md")
    assert small.sized(1_000_000, small=1_000) == 1_000
    monkeypatch.setenv("SHORTLIST_SIZE", "")
    assert loaded().PAGE.relative_to(small.ROOT).parts == ("docs", "benchmarks.md")
    assert loaded().sized(1_000_000, small=1_000) == 1_000_000


def test_an_unknown_size_is_refused(monkeypatch):
    monkeypatch.setenv("SHORTLIST_SIZE", "huge")
    with pytest.raises(SystemExit, match="SHORTLIST_SIZE is 'huge': use one of full, small"):
        loaded()
