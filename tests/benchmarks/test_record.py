"""A benchmark replaces its own section of the page and nothing else."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "record.py"


@pytest.fixture
def recorder(tmp_path):
    spec = importlib.util.spec_from_file_location("record", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
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
    assert "numpy" in page


def test_table_aligns_figures_to_the_right(recorder):
    assert recorder.table(["model", "AUC"], [["ours", "0.8"]]) == (
        "| model | AUC |\n| --- | ---: |\n| ours | 0.8 |"
    )


def test_absent_data_is_named(recorder, monkeypatch, tmp_path):
    monkeypatch.setenv("SHORTLIST_DATA", str(tmp_path))
    with pytest.raises(SystemExit, match=r"nothing\.csv is not there: set SHORTLIST_DATA"):
        recorder.data_file("nothing.csv")
