"""What a person pays before anything happens, and where the packages come from."""

import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("features", "models", "pipeline", "campaigns", "serving", "shortlist")
SLOW = ("sklearn", "lightgbm", "mlflow", "shap", "numba", "matplotlib", "fastapi", "dvc", "optuna")


def python(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True, cwd=ROOT
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_ours_and_not_a_namesake(package):
    assert Path(import_module(package).__file__).is_relative_to(ROOT)


def test_importing_all_packages_loads_nothing_slow_and_opens_no_file_of_ours():
    script = (
        "import sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, given: opened.append(str(given[0])) "
        "if event == 'open' else None)\n"
        f"import {', '.join(PACKAGES)}\n"
        "code = ('.py', '.pyc', '.so', '.pth', '.typed')\n"
        f"data = [f for f in opened if f.startswith('{ROOT}') and not f.endswith(code)"
        " and 'site-packages' not in f]\n"
        f"print([name for name in {SLOW} if name in sys.modules], data)"
    )
    assert python("-c", script).stdout.strip() == "[] []"


def test_help_answers_before_a_person_notices():
    python("-m", "shortlist", "--help")
    began = time.process_time(), time.perf_counter()
    shown = python("-X", "importtime", "-m", "shortlist", "--help")
    assert "evaluate" in shown.stdout
    loaded = {line.rsplit("|", 1)[-1].strip() for line in shown.stderr.splitlines()}
    assert not loaded & {*SLOW, "ibis", "pandas", "numpy", "duckdb"}
    assert time.perf_counter() - began[1] < 10  # a hang; `time shortlist --help` says how long


def test_models_holds_definitions_and_never_artefacts():
    files = (path for path in (ROOT / "models").rglob("*") if path.is_file())
    found = {path.suffix for path in files if path.parent.name != "__pycache__"}
    assert found <= {".py", ".typed"}
