"""`shortlist serve`, `keys`, `list` and `db`, as a person or a script meets them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from scored import MODEL, go_live, many
from typer.testing import CliRunner

from shortlist.cli import app


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
    spec.write_text(json.dumps({"model": MODEL, "size": 20}))
    built = document(tmp_path, "list", "build", spec)
    assert built["excluded"] == {"not_eligible": 10, "below_cut_off": 30}
    assert document(tmp_path, "list", "show", built["id"]) == built
    shown = shortlist(tmp_path, "list", "show", built["id"]).stdout
    assert "20 of 60 customers" in shown
    assert "c00009" in shown
    assert "c00010" not in shown


def test_postgresql_is_upgraded_by_command_and_holds_the_keys(tmp_path, postgresql):
    answer = document(tmp_path, "db", "upgrade", url=postgresql)
    assert answer["database"] == "postgresql"
    made = document(tmp_path, "keys", "create", url=postgresql)
    assert [k["prefix"] for k in document(tmp_path, "keys", "list", url=postgresql)] == [
        made["prefix"]
    ]
    assert not list(tmp_path.rglob("state.db"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["keys", "create", "--scope", "lists:delete"], "there is no scope lists:delete"),
        (["keys", "revoke", "00000000"], "there is no key 00000000"),
        (["list", "build", "nowhere.json"], "nowhere.json does not exist"),
        (["list", "show", "list_0"], "there is no list of this id"),
    ],
)
def test_a_mistake_is_one_line_on_stderr(tmp_path, words, message):
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "shortlist", "--project", str(tmp_path), *words],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_service_starts_answers_and_stops_when_told(tmp_path):
    go_live(tmp_path / "artifacts", many(50))
    key = shortlist(tmp_path, "keys", "create").stdout.strip()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["-m", "shortlist", "--project", str(tmp_path), "serve", "--port", str(port)]
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, *words],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        try:
            client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-Api-Key": key})
            made = _once_it_listens(client)
            assert made.status_code == 201
            client.close()
        finally:
            server.send_signal(signal.SIGTERM)
            output, _ = server.communicate(timeout=30)
    assert f"http://127.0.0.1:{port}/docs" in output.replace("\n", "")
    assert "Traceback" not in output


def _once_it_listens(client):
    for _ in range(200):
        try:
            return client.post("/v1/lists", json={"model": MODEL, "size": 10})
        except httpx.ConnectError:
            time.sleep(0.1)
    raise AssertionError("the service did not listen within 20 s")
