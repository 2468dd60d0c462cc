"""What schedulers are given: their own tools accept it, and exit codes mean what they say."""

import configparser
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import typer.main
import yaml

from pipeline.exit_codes import MEANING, ExitCode
from shortlist.cli import app

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
#: Of Kubernetes 1.37 (Apache-2.0), without its descriptions; unknown fields are refused.
SCHEMA = ROOT / "tests" / "support" / "kubernetes" / "cronjob-1.37.json"

BASH, SYSTEMD = shutil.which("bash"), shutil.which("systemd-analyze")
NO_FAILURE = {ExitCode.RELEASED, ExitCode.NOTHING_TO_DO, ExitCode.BUSY}


def unit(name):
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str
    read.read(DEPLOY / "systemd" / name)
    return read


def cron_line():
    text = (DEPLOY / "cron" / "shortlist-retrain").read_text("utf-8")
    (line,) = [x for x in text.splitlines() if x and x[0] in "*0123456789"]
    *when, user, command = line.split(maxsplit=6)
    return when, user, command


def job():
    return yaml.safe_load((DEPLOY / "kubernetes" / "retrain-cronjob.yaml").read_text("utf-8"))


def pod():
    return job()["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def commands():
    return {
        "systemd": unit("shortlist-retrain.service")["Service"]["ExecStart"],
        "cron": cron_line()[2],
        "kubernetes": pod()["containers"][0]["args"][0],
    }


def ended(script, code, tmp_path):
    """Run a script with a `shortlist` that ends with a code."""
    stub = tmp_path / "shortlist"
    stub.write_text(f"#!/bin/sh\nexit {code}\n")
    stub.chmod(0o755)
    script = re.sub(r"\S*/shortlist --project", f"{stub} --project", script)
    script = re.sub(r"\S*/retrain\.log", str(tmp_path / "log"), script)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [BASH, "-c", script],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("where", ["systemd", "cron", "kubernetes"])
def test_the_command_is_one_that_we_understand(where):
    found = re.search(
        r"shortlist --project \S+ (retrain( --[a-z-]+ [^-\s;]\S*)*)", commands()[where]
    )
    verb, *words = found[1].split()
    retrain = typer.main.get_command(app).commands[verb]
    known = {name for one in retrain.params for name in one.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.skipif(SYSTEMD is None, reason="no systemd here")
def test_systemd_accepts_its_units(tmp_path):
    for path in (DEPLOY / "systemd").iterdir():
        text = path.read_text("utf-8").replace("/srv/shortlist/.venv/bin/shortlist", "/bin/true")
        (tmp_path / path.name).write_text(text.replace("User=shortlist\n", ""))
    units = sorted(str(path) for path in tmp_path.iterdir())
    found = subprocess.run(
        [SYSTEMD, "verify", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    about_us = [line for line in found.stderr.splitlines() if "shortlist" in line]
    assert (found.returncode, about_us) == (0, [])


def test_systemd_makes_up_for_a_machine_that_was_off():
    timer = unit("shortlist-retrain.timer")["Timer"]
    assert timer["Persistent"] == "true"
    assert timer["Unit"] == "shortlist-retrain.service"


def test_for_systemd_only_nothing_due_and_a_busy_project_are_no_failures():
    told = unit("shortlist-retrain.service")["Service"]["SuccessExitStatus"].split()
    assert {0, *map(int, told)} == NO_FAILURE


def test_the_crontab_line_names_a_time_of_every_day_and_a_user():
    when, user, _ = cron_line()
    limits = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    for field, (low, high) in zip(when, limits, strict=True):
        assert field == "*" or low <= int(field) <= high
    assert (when[2:], user) == (["*", "*", "*"], "shortlist")


@pytest.mark.parametrize("code", sorted(ExitCode))
def test_cron_sends_a_mail_for_failures_only(code, tmp_path):
    said = ended(cron_line()[2], code, tmp_path).stdout
    assert said == "" if code in NO_FAILURE else f"ended with {code}" in said


@pytest.mark.parametrize("code", sorted(ExitCode))
def test_for_kubernetes_only_nothing_due_and_a_busy_project_are_no_failures(code, tmp_path):
    ends = ended(pod()["containers"][0]["args"][0], code, tmp_path).returncode
    assert ends == (0 if code in NO_FAILURE else code)


def test_kubernetes_accepts_its_job_by_its_own_schema():
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.validate(job(), schema)
    misspelt = json.loads(json.dumps(job()).replace("concurrencyPolicy", "concurencyPolicy"))
    with pytest.raises(jsonschema.ValidationError, match="concurencyPolicy"):
        jsonschema.validate(misspelt, schema)


def test_kubernetes_tries_again_only_what_was_killed():
    policy = job()["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]
    (rule,) = policy["rules"]
    assert set(rule["onExitCodes"]["values"]) == set(ExitCode) - NO_FAILURE


def test_the_manual_and_the_help_tell_the_same_codes():
    told = (ROOT / "docs" / "retraining.md").read_text("utf-8").splitlines()
    assert [line for line in told if re.match(r"\| \d+ \|", line)] == [
        f"| {int(code)} | {MEANING[code]} |" for code in ExitCode
    ]
    taught = typer.main.get_command(app).commands["retrain"].help
    assert all(f"- {int(code)}: {MEANING[code]}" in taught for code in ExitCode)
