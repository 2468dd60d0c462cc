"""A job outlives the process that worked on it, however that process ends."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from scored import MODEL, NOBODY_HELD_OUT, go_live, many

from campaigns.building import list_id
from campaigns.keys import create_key
from campaigns.list_spec import ListSpec
from campaigns.state.database import open_state
from pipeline.lock import exclusive
from pipeline.release import read_release
from pipeline.score_set import read_score_set

SPEC = {"model": MODEL, "at_least": 0.5, **NOBODY_HELD_OUT}
PATIENT = {"SHORTLIST_JOB_LEASE_S": "1", "SHORTLIST_JOB_PATIENCE_S": "0.2"}


@contextmanager
def serving(folder, key):
    """Start `shortlist serve` in a process of its own."""
    command = [sys.executable, "-m", "shortlist", "--project", folder, "serve", "--port", "0"]
    paths = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | PATIENT | paths
    )
    try:
        address = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=address, headers=headers, timeout=20) as client:
            yield process, client
    finally:
        process.kill()
        process.wait(timeout=20)
        process.stdout.close()


def until(client, path, *wanted):
    ends = time.monotonic() + 20
    while (job := client.get(path).json())["status"] not in wanted:
        assert time.monotonic() < ends, job
        time.sleep(0.02)
    return job


@pytest.mark.nightly  # each case starts the service twice: eight seconds
@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_what_a_process_has_begun_the_next_one_finishes(tmp_path, ended_by):
    artifacts = tmp_path / "artifacts"
    live = go_live(artifacts, many(50)).live(MODEL)
    score_set = read_score_set(artifacts, MODEL, live.score_set)
    identity = list_id(ListSpec(**SPEC), score_set, read_release(artifacts))
    state = open_state(artifacts)
    key = create_key(
        state,
        name="test",
        scopes=frozenset({"admin"}),
        valid_for=timedelta(days=1),
        at=datetime.now(UTC),
    ).text
    state.dispose()
    # While another builds the same list, the job waits for it.
    with (
        exclusive(artifacts / "lists" / f".{identity}.lock"),
        serving(tmp_path, key) as (process, client),
    ):
        path = client.post("/v1/lists", json=SPEC).headers["Location"]
        until(client, path, "running")
        process.send_signal(ended_by)
        process.wait(timeout=20)
    with serving(tmp_path, key) as (_, client):
        job = until(client, path, "succeeded", "failed")
        found = client.get(job["location"]).json()
    assert (job["status"], found["id"], found["selected"]) == ("succeeded", identity, 26)
    assert job["attempts"] == (2 if ended_by is signal.SIGKILL else 1)
