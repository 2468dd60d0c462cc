"""A notebook asks one question, answers it first, holds no code of ours, and is stored empty.

`make notebooks` runs them top to bottom; CI does so after the tests.
"""

import ast
import json
from importlib import import_module
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
OURS = ("features", "models", "pipeline", "campaigns", "serving", "shortlist")
#: A definition is the point of these: what it declares is data for our packages.
DECLARES = {"feature", "label", "windowed_feature"}
LARGEST_BYTES = 20_000

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def code_of(path):
    """Return the code of a notebook as Python reads it; a closing `;` only hides what it shows."""
    cells = [one for one in read(path)["cells"] if one["cell_type"] == "code"]
    return ast.parse("\n".join("".join(one["source"]) for one in cells))


def test_there_are_nine_questions():
    assert [path.stem.split("_", 1)[0] for path in NOTEBOOKS] == list("123456789")


@every_notebook
def test_a_notebook_is_small_and_holds_no_output(path):
    assert path.stat().st_size < LARGEST_BYTES
    for cell in read(path)["cells"]:
        assert not cell.get("outputs"), "clear the outputs before you commit"
        assert not cell.get("execution_count"), "clear the outputs before you commit"


@every_notebook
def test_the_first_cell_asks_the_question_and_answers_it(path):
    first = read(path)["cells"][0]
    said = "".join(first["source"])
    assert first["cell_type"] == "markdown"
    assert said.splitlines()[0].startswith("# ")
    assert said.splitlines()[0].endswith("?")
    assert "**Answer.**" in said


@every_notebook
def test_the_last_cell_holds_the_answer_to_what_was_found(path):
    last = read(path)["cells"][-1]
    assert last["metadata"]["tags"] == ["assert"]
    checks = [
        one for one in ast.walk(ast.parse("".join(last["source"]))) if type(one) is ast.Assert
    ]
    assert checks


@every_notebook
def test_a_notebook_holds_no_code_that_belongs_in_a_package(path):
    for one in ast.walk(code_of(path)):
        assert not isinstance(one, ast.ClassDef), one.name
        if isinstance(one, ast.FunctionDef):
            names = {getattr(call, "func", call).id for call in one.decorator_list}
            assert names & DECLARES, f"{one.name} belongs in a package"


@every_notebook
def test_what_a_notebook_imports_from_us_is_there(path):
    wanted = [
        (one.module, name.name)
        for one in ast.walk(code_of(path))
        if isinstance(one, ast.ImportFrom) and one.module.split(".")[0] in OURS
        for name in one.names
    ]
    assert wanted, "a notebook uses our packages"
    for module, name in wanted:
        found = import_module(module)
        if not hasattr(found, name):
            import_module(f"{module}.{name}")


@every_notebook
def test_every_figure_comes_from_our_plots_or_names_its_axes(path):
    source = "".join("".join(one["source"]) for one in read(path)["cells"])
    assert "plt." not in source, "models.plots draws; no style is set for others"
    for drawn in (".plot.", ".plot("):
        if drawn in source:
            assert "axes.set(" in source
    assert "_plot(" in source or "axes.set(" in source


def test_continuous_integration_runs_every_notebook():
    root = FOLDER.parent
    assert "make notebooks" in (root / ".ci" / "run").read_text("utf-8").splitlines()
    assert "--execute" in (root / "Makefile").read_text("utf-8")
