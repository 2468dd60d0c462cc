"""`shortlist serve`, `keys`, `list` and `db`, as a person or a script meets them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest
from explained import explainable
from scored import MODEL, NOBODY_HELD_OUT, go_live, many
from typer.testing import CliRunner

from shortlist.cli import app, main

ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join(sys.path),
    "PYTHONUNBUFFERED": "1",
}


def shortlist(folder, *words, url=None):
    result = CliRunner(env={"SHORTLIST_DATABASE_URL": url}).invoke(
        app, ["--project", str(folder), *map(str, words)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return result


def document(folder, *words, url=None):
    return json.loads(shortlist(folder, "--json", *words, url=url).stdout)


def test_stdout_is_the_key_and_nothing_else(tmp_path):
    result = shortlist(tmp_path, "keys", "create", "--name", "shop")
    assert result.stdout.strip().startswith("sl_")
    assert len(result.stdout.splitlines()) == 1
    assert "not shown again" in result.stderr


def test_a_key_is_listed_without_its_secret_and_revoked(tmp_path):
    made = document(tmp_path, "keys", "create", "--scope", "lists:read", "--days", "7")
    (listed,) = document(tmp_path, "keys", "list")
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert listed["scopes"] == ["lists:read"]
    revoked = document(tmp_path, "keys", "revoke", made["prefix"])
    assert revoked["revoked_at"]
    assert document(tmp_path, "keys", "list") == [revoked]
    assert made["prefix"] in shortlist(tmp_path, "keys", "list").stdout


def test_a_list_is_built_from_a_file_and_shown(tmp_path):
    go_live(tmp_path / "artifacts", many(50), base=60)
    spec = tmp_path / "winback.json"
    spec.write_text(json.dumps({"model": MODEL, "size": 20, **NOBODY_HELD_OUT}))
    built = document(tmp_path, "list", "build", spec)
    assert built["excluded"] == {"not_eligible": 10, "below_cut_off": 30}
    assert document(tmp_path, "list", "show", built["id"]) == built
    shown = shortlist(tmp_path, "list", "show", built["id"]).stdout
    assert "20 of 60 customers" in shown
    assert "c00009" in shown
    assert "c00010" not in shown


def test_a_list_is_shown_with_reasons_in_the_language_asked_for(tmp_path):
    explainable(tmp_path / "artifacts")
    spec = tmp_path / "winback.json"
    spec.write_text(json.dumps({"model": MODEL, "size": 20, **NOBODY_HELD_OUT}))
    built = document(tmp_path, "list", "build", spec)
    english = shortlist(tmp_path, "list", "show", built["id"]).stdout
    chinese = shortlist(tmp_path, "list", "show", built["id"], "--language", "zh-TW").stdout
    assert "Bought" in english
    assert "距上次購買" not in english
    assert "距上次購買" in chinese
    assert "Bought" not in chinese


def test_postgresql_is_upgraded_by_command_and_holds_the_keys(tmp_path, postgresql):
    answer = document(tmp_path, "db", "upgrade", url=postgresql)
    assert answer["database"] == "postgresql"
    made = document(tmp_path, "keys", "create", url=postgresql)
    assert [k["prefix"] for k in document(tmp_path, "keys", "list", url=postgresql)] == [
        made["prefix"]
    ]
    assert not list(tmp_path.rglob("state.db"))


@pytest.fixture
def mistaken(tmp_path, monkeypatch, capsys):
    """Run a command that ends with code 1 and nothing on stdout; return what it said."""

    def run(*words, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["shortlist", "--project", str(tmp_path), *words])
        with pytest.raises(SystemExit, check=lambda stop: stop.code == 1):
            main()
        said = capsys.readouterr()
        assert said.out == ""
        assert "defect" not in said.err
        return said.err

    return run


NOWHERE = "postgresql://ann:hunter2@127.0.0.1:1/shortlist"


@pytest.mark.parametrize(
    ("words", "variables", "message"),
    [
        (["keys", "create", "--scope", "lists:delete"], {}, "there is no scope lists:delete"),
        (["keys", "revoke", "00000000"], {}, "there is no key 00000000"),
        (["list", "build", "nowhere.json"], {}, "nowhere.json does not exist"),
        (["list", "show", "list_0"], {}, "there is no list of this id"),
        (["keys", "list"], {"SHORTLIST_DATABASE_URL": NOWHERE}, "does not answer"),
        (["webhooks", "add", "https://127.0.0.1/"], {}, "not on the public internet"),
        (["webhooks", "add", "https://crm.example/", "--event", "gone"], {}, "'list.ready'"),
        (["serve"], {"SHORTLIST_MAX_BODY_BYTES": "1 MB"}, "SHORTLIST_MAX_BODY_BYTES: Input"),
    ],
)
def test_a_mistake_is_one_message_on_stderr(mistaken, words, variables, message):
    told = mistaken(*words, **variables)
    assert message in told
    assert "hunter2" not in told


def test_the_service_starts_answers_and_stops_when_told(tmp_path):
    go_live(tmp_path / "artifacts", many(50))
    key = shortlist(tmp_path, "keys", "create").stdout.strip()
    words = ["-m", "shortlist", "--project", str(tmp_path), "serve", "--port", "0"]
    with subprocess.Popen(
        [sys.executable, *words], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline()).group()
            made = httpx.post(
                f"{address}/v1/lists",
                headers={"X-Api-Key": key},
                json={"model": MODEL, "size": 10},
                timeout=20,
            )
        finally:
            server.send_signal(signal.SIGTERM)
            code = server.wait(timeout=30)
    assert made.status_code == 201
    assert code in {0, -signal.SIGTERM}


def test_a_port_that_is_taken_is_named(mistaken):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = mistaken("serve", "--port", port)
    assert f"cannot listen on 127.0.0.1, port {port}" in told


def test_a_webhook_is_added_tested_followed_and_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("SHORTLIST_WEBHOOKS_ALLOW", "127.0.0.1")
    words = ("webhooks", "add", "http://127.0.0.1:9/hook", "--event", "list.ready", "--name", "CRM")
    made = document(tmp_path, *words)
    assert made["secret"].startswith("whsec_")
    (listed,) = document(tmp_path, "webhooks", "list")
    assert listed == {name: value for name, value in made.items() if name != "secret"}
    ping = document(tmp_path, "webhooks", "ping", made["id"])
    assert document(tmp_path, "webhooks", "deliveries", made["id"]) == [ping]
    assert "ping" in shortlist(tmp_path, "webhooks", "deliveries", made["id"]).stdout
    assert document(tmp_path, "webhooks", "remove", made["id"]) == {"removed": made["id"]}
    assert document(tmp_path, "webhooks", "list") == []
