"""What is deployed: checked by reading it, and by linters where they are installed."""

import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from jsonschema import validators
from typer.testing import CliRunner

from serving.settings import read_settings
from shortlist.cli import app

DEPLOY = Path(__file__).parents[2] / "deploy"


def instructions():
    """Return the Dockerfile as pairs of an instruction and what it is given."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


def stages():
    """Return the instructions of each stage."""
    found = []
    for name, rest in instructions():
        if name == "FROM":
            found.append([])
        if found:
            found[-1].append((name, rest))
    return found


@pytest.fixture
def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def executable(name):
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


def test_the_image_runs_as_nobody_in_particular_and_looks_after_its_health():
    final = dict(stages()[-1])
    assert final["USER"] == "10001:10001"
    assert "/healthz" in final["HEALTHCHECK"]
    assert json.loads(final["ENTRYPOINT"]) == ["shortlist"]
    assert "serve" in json.loads(final["CMD"])


def test_the_image_holds_only_packages_that_are_named_with_their_hash():
    runs = " && ".join(rest for name, rest in instructions() if name == "RUN").split("&&")
    installs = [run for run in runs if " install " in run and "apt-get" not in run]
    assert len(installs) == 3
    for run in installs:
        assert "--require-hashes" in run or ("--no-deps" in run and "wheels/*.whl" in run), run
    assert not any(" pip " in run for run in [rest for _, rest in stages()[-1]])


def test_all_that_the_image_copies_exists_and_is_sent_to_the_builder():
    sent = (DEPLOY.parent / ".dockerignore").read_text().splitlines()
    copied = [
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]
    assert len(copied) > 8
    for source in copied:
        assert (DEPLOY.parent / source).exists(), source
        assert f"!{source.partition('/')[0]}" in sent, source


def test_no_service_has_a_password_of_its_own_or_is_open_to_the_network(compose):
    text = re.sub(r"#.*", "", (DEPLOY / "compose.yaml").read_text())
    assert not re.search(r"password\w*: (?!/run/secrets)\S", text, flags=re.IGNORECASE)
    assert all("file" in secret for secret in compose["secrets"].values())
    published = [port for one in compose["services"].values() for port in one.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert "deploy/secrets/" in (DEPLOY.parent / ".gitignore").read_text()


def test_what_a_service_waits_for_can_be_waited_for(compose):
    for name, service in compose["services"].items():
        for other, wanted in service.get("depends_on", {}).items():
            awaited = compose["services"][other]
            built_in = awaited.get("image") == "shortlist:local"
            healthy = "healthcheck" in awaited or built_in
            assert wanted["condition"] != "service_healthy" or healthy, (name, other)


@pytest.mark.parametrize("service", ["serve", "upgrade"])
def test_the_commands_of_the_containers_are_ours(compose, service):
    default = json.loads(dict(stages()[-1])["CMD"])
    words = compose["services"][service].get("command", default)
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert shown.exit_code == 0, shown.output


def test_a_secret_is_read_from_its_file_and_a_variable_stands_above_it(tmp_path, monkeypatch):
    monkeypatch.delenv("SHORTLIST_DATABASE_URL", raising=False)
    monkeypatch.setenv("SHORTLIST_SECRETS_DIR", str(tmp_path))
    (tmp_path / "shortlist_database_url").write_text("postgresql://ann@db/shortlist\n")
    assert read_settings(tmp_path).state_url == "postgresql://ann@db/shortlist"
    monkeypatch.setenv("SHORTLIST_DATABASE_URL", "sqlite:////tmp/state.db")
    assert read_settings(tmp_path).state_url == "sqlite:////tmp/state.db"


@pytest.mark.skipif(
    find_spec("check_jsonschema") is None,
    reason="check-jsonschema, which brings the schema, is not installed",
)
def test_compose_keeps_to_the_specification(compose):
    folder = Path(find_spec("check_jsonschema").submodule_search_locations[0])
    schema = json.loads((folder / "builtin_schemas/vendor/compose-spec.json").read_text())
    validator = validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(compose)] == []


@pytest.mark.skipif(executable("hadolint") is None, reason="hadolint is not installed")
def test_hadolint_finds_nothing_in_the_dockerfile():
    done = subprocess.run(
        [executable("hadolint"), str(DEPLOY / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(executable("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("*.service")), ids=lambda path: path.name)
def test_systemd_understands_the_unit(tmp_path, unit):
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/shortlist/bin/shortlist", sys.executable))
    done = subprocess.run(
        [executable("systemd-analyze"), "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
