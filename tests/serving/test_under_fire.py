"""Workers are killed and PostgreSQL is restarted under load: nothing is lost or half there."""

import hashlib
import os
import signal
import tempfile
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx
import numpy as np
import pytest
from scored import MODEL, NOBODY_HELD_OUT, go_live, many
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session
from workers import PATIENCE_S, until, workers

from campaigns.building import list_id
from campaigns.list_spec import ListSpec
from campaigns.state.database import connect, open_state, upgrade_state
from campaigns.state.tables import QueuedJob
from pipeline.release import read_release
from pipeline.score_set import read_score_set

pytestmark = pytest.mark.nightly  # each starts workers and kills them for a minute

MEMBERS, SIZE, KILLS = 200_000, 150_000, 6
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture
def service(tmp_path):
    artifacts = tmp_path / "artifacts"
    go_live(artifacts, many(MEMBERS))
    with workers(artifacts) as started:
        started.state = open_state(artifacts)
        started.artifacts = artifacts
        until(lambda: len(started.pids()) == 2, "two workers run")
        yield started
        started.state.dispose()


def ask(service, method, path, **given):
    """Ask until somebody answers: who was connected to a killed worker connects again."""
    ends = time.monotonic() + PATIENCE_S
    while True:
        try:
            return service.client.request(method, path, **given)
        except httpx.TransportError:
            assert time.monotonic() < ends, "nobody answers"


@contextmanager
def asking(service, look):
    """Call `look` over and over in four threads; yield what it returned."""
    done, seen = threading.Event(), []

    def go():
        while not done.is_set():
            seen.append(look())

    with ThreadPoolExecutor(4) as threads:
        going = [threads.submit(go) for _ in range(4)]
        try:
            yield seen
        finally:
            done.set()
    for one in going:
        one.result()


def owner(service, job):
    with Session(service.state) as session:
        query = select(QueuedJob.owner).where(QueuedJob.id == job.rpartition("/")[2])
        found = session.scalar(query)
    return int(found.partition("-")[0]) if found else None


def done(service, job):
    found = ask(service, "GET", job).json()
    return found if found["status"] in {"succeeded", "failed"} else None


def kill_in_the_middle(service, job, *, after_s):
    """Kill whoever works on a job; return the job when it is done."""
    working = until(lambda: owner(service, job) or done(service, job), "somebody works on it")
    time.sleep(after_s)  # where in the work it is hit, is left to chance
    if isinstance(working, int):
        os.kill(working, signal.SIGKILL)
    return until(lambda: done(service, job), "the job is done")


def test_lists_whose_workers_are_killed_are_whole_or_not_there(service):
    chance = np.random.default_rng(7)
    live = read_release(service.artifacts)
    scores = read_score_set(service.artifacts, MODEL, live.live(MODEL).score_set)
    specs = [{"model": MODEL, "size": SIZE, "seed": n, **NOBODY_HELD_OUT} for n in range(KILLS)]
    paths = [f"/v1/lists/{list_id(ListSpec(**spec), scores, live)}" for spec in specs]

    turn = count()

    def look():
        path = paths[next(turn) % KILLS]
        found = ask(service, "GET", path)
        page = ask(service, "GET", f"{path}/members?limit=1000")
        return found, page

    attempts = 0
    with asking(service, look) as seen:
        for spec in specs:
            answer = ask(service, "POST", "/v1/lists", json=spec, headers=ASYNC)
            job = kill_in_the_middle(
                service, answer.headers["Location"], after_s=chance.random() * 0.5
            )
            assert job["status"] == "succeeded", job
            attempts += job["attempts"]
    assert attempts > KILLS, "nobody was hit"
    assert len(seen) > 20
    for found, page in seen:
        assert (found.status_code, page.status_code) in {(200, 200), (404, 404), (404, 200)}
        if found.status_code == 200:
            assert found.json()["selected"] == SIZE
        if page.status_code == 200:
            assert [one["rank"] for one in page.json()["members"]] == list(range(1, 1001))
    for path in paths:
        assert len(_ids(service, path)) == SIZE


def test_exports_whose_workers_are_killed_are_whole_or_not_there(service):
    chance = np.random.default_rng(8)
    spec = {"model": MODEL, "size": SIZE, **NOBODY_HELD_OUT}
    answer = ask(service, "POST", "/v1/lists", json=spec, headers=ASYNC)
    made = until(lambda: done(service, answer.headers["Location"]), "the list is built")
    path = made["location"]

    def look():
        return ask(service, "GET", f"{path}/exports")

    attempts = 0
    with asking(service, look) as seen:
        for _ in range(KILLS):
            answer = ask(service, "POST", f"{path}/exports", json={"format": "csv"}, headers=ASYNC)
            job = kill_in_the_middle(
                service, answer.headers["Location"], after_s=chance.random() * 0.3
            )
            assert job["status"] == "succeeded", job
            attempts += job["attempts"]
            export = ask(service, "GET", job["location"]).json()
            (file,) = export["files"]
            body = ask(service, "GET", f"{job['location']}/files/{file['name']}").content
            assert (export["rows"], file["rows"]) == (SIZE, SIZE)
            assert hashlib.sha256(body).hexdigest() == file["sha256"]
            assert body.count(b"\n") == SIZE + 1
    assert attempts > KILLS, "nobody was hit"
    assert {answer.status_code for answer in seen} == {200}


def test_postgresql_restarted_under_load_costs_503s_and_nothing_else(tmp_path):
    pgserver = _pgserver()
    artifacts = tmp_path / "artifacts"
    go_live(artifacts, many(2000))
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = pgserver.get_server(Path(folder), cleanup_mode="stop")
        try:
            url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            engine = connect(url)
            upgrade_state(engine)
            engine.dispose()
            text = url.render_as_string(hide_password=False)
            with workers(artifacts, url=text) as service:
                _restarted_under_load(pgserver, server, service)
        finally:
            server.cleanup()


def _restarted_under_load(pgserver, server, service):
    lock, number = threading.Lock(), iter(range(10**6))
    confirmed = []

    def look():
        with lock:
            seed = next(number)
        spec = {"model": MODEL, "size": 20, "seed": seed, **NOBODY_HELD_OUT}
        answer = ask(service, "POST", "/v1/lists", json=spec)
        if answer.status_code == 201:
            confirmed.append(answer.headers["Location"])
        return answer

    with asking(service, look) as seen:
        for _ in range(3):
            until(lambda: len(seen) > 20 and seen[-1].status_code == 201, "lists are built")
            before = len(seen)
            pgserver.pg_ctl(
                ["-m", "immediate", "-w", "stop"], pgdata=server.pgdata, user=server.system_user
            )
            until(lambda: any(one.status_code == 503 for one in seen[before:]), "it is away")  # noqa: B023 - called at once
            server.ensure_postgres_running()
            back = len(seen)
            until(lambda: any(one.status_code == 201 for one in seen[back:]), "it is back")  # noqa: B023 - called at once
    codes = {one.status_code for one in seen}
    assert codes == {201, 503}, [one.text for one in seen if one.status_code not in {201, 503}][:3]
    assert {one.headers["Retry-After"] for one in seen if one.status_code == 503} == {"5"}
    for path in confirmed:
        assert ask(service, "GET", path).json()["selected"] == 20
    # A job that was under way when the database went is done when it is back.
    answer = ask(service, "POST", "/v1/lists", json={"model": MODEL, "size": 7}, headers=ASYNC)
    job = until(lambda: done(service, answer.headers["Location"]), "jobs are worked off")
    assert job["status"] == "succeeded"
    assert len(service.pids()) == 2


def _ids(service, path):
    found, cursor = set(), None
    while True:
        where = {"cursor": cursor} if cursor else {}
        page = ask(service, "GET", f"{path}/members", params=where).json()
        found |= {one["customer_id"] for one in page["members"]}
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def _pgserver():
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR
            import pgserver
    except (ImportError, OSError, RuntimeError) as error:
        pytest.skip(f"no PostgreSQL runs here: {error}")
    return pgserver
