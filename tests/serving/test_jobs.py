"""What takes long is a job: asked for, waited for, cancelled, taken over."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from jobs import done
from scored import MODEL, NOBODY_HELD_OUT, go_live, many
from service import running

from campaigns.jobs import claim, submit
from campaigns.state.database import connect, state_url, upgrade_state
from pipeline.lock import exclusive
from serving.preference import LONGEST_WAIT_S, read_preference
from serving.worker import Worker

SMALL = {"model": MODEL, "size": 10}
LONG = {"model": MODEL, "at_least": 0.5, **NOBODY_HELD_OUT}
ASYNC = {"Prefer": "respond-async"}


def now():
    return datetime.now(UTC)


def test_a_list_without_a_size_is_a_job_that_leads_to_the_list(client):
    job = done(client, client.post("/v1/lists", json=LONG))
    assert (job["status"], job["progress"], job["attempts"]) == ("succeeded", 1, 1)
    assert client.get(job["location"]).json()["selected"] == 1501


def test_a_list_that_a_job_has_built_is_answered_at_once(client):
    spec = LONG | {"seed": 3}
    job = done(client, client.post("/v1/lists", json=spec))
    again = client.post("/v1/lists", json=spec)
    assert (again.status_code, again.headers["Location"]) == (200, job["location"])


def test_who_waits_is_answered_with_the_list(client):
    answer = client.post("/v1/lists", json=LONG | {"seed": 4}, headers={"Prefer": "wait=20"})
    assert (answer.status_code, answer.json()["selected"]) == (201, 1501)


def test_who_would_rather_not_wait_gets_a_job_for_a_small_list_too(client):
    answer = client.post("/v1/lists", json=SMALL | {"seed": 5}, headers=ASYNC)
    assert client.get(done(client, answer)["location"]).json()["selected"] == 10


def test_a_job_that_cannot_be_done_says_why(client):
    spec = {"model": MODEL, "size": 10, "where": {"customer": "region", "in": "North"}}
    job = done(client, client.post("/v1/lists", json=spec, headers=ASYNC))
    assert (job["status"], job["location"]) == ("failed", None)
    assert job["problem"]["type"] == "urn:shortlist:problem:invalid-condition"
    assert "the data hold no customers" in job["problem"]["detail"]


def test_what_can_never_be_done_is_refused_before_it_is_a_job(client):
    spec = {"model": MODEL, "size": 3601, "seed": 6}
    answer = client.post("/v1/lists", json=spec, headers=ASYNC)
    assert (answer.status_code, answer.json()["title"]) == (422, "More customers than there are")


def test_who_waits_for_what_fails_is_told_the_problem(client):
    spec = {"model": MODEL, "at_least": 0.1, "arm": "gift"}
    answer = client.post("/v1/lists", json=spec, headers={"Prefer": "wait=20"})
    assert (answer.status_code, answer.json()["title"]) == (422, "The model cannot do this")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_a_queued_job_is_cancelled_and_a_running_one_is_not(tmp_path, database):
    go_live(tmp_path, many(50))
    if database:
        engine = connect(state_url(tmp_path, database))
        upgrade_state(engine)
        engine.dispose()
    with (
        running(tmp_path, database_url=database) as service,
        service.with_key("admin") as client,
    ):
        first = client.post("/v1/lists", json=LONG, headers=ASYNC)
        built = done(client, first)["location"].rpartition("/")[2]
        with exclusive(tmp_path / "lists" / f".{built}.lock"), service.state.begin() as rows:
            rows.exec_driver_sql("DELETE FROM lists")
        # Another process builds the same list meanwhile, so that the job has to wait for it.
        with exclusive(tmp_path / "lists" / f".{built}.lock"):
            begun = client.post("/v1/lists", json=LONG)
            while client.get(begun.headers["Location"]).json()["status"] != "running":
                pass
            queued = client.post("/v1/lists", json=SMALL, headers=ASYNC).headers["Location"]
            refused = client.delete(begun.headers["Location"])
            cancelled = client.delete(queued)
        assert (refused.status_code, refused.json()["title"]) == (409, "The job has begun")
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
        assert done(client, begun)["status"] == "succeeded"
        assert client.get(queued).json()["status"] == "cancelled"


def test_what_a_killed_process_left_is_done_by_the_next(tmp_path):
    go_live(tmp_path, many(50))
    with running(tmp_path) as service, service.with_key("admin") as client:
        long_ago = now() - timedelta(minutes=5)
        job = submit(service.state, kind="list", request=SMALL, asked_by="x", at=long_ago)
        if claim(service.state, "killed", at=long_ago) is None:
            pytest.fail("the service took a job in no time")
        while client.get(f"/v1/jobs/{job.id}").json()["status"] != "succeeded":
            pass
        assert client.get(f"/v1/jobs/{job.id}").json()["attempts"] == 2


def test_a_worker_that_is_stopped_gives_back_what_it_has_not_finished(tmp_path, state):
    begun, goes_on = threading.Event(), threading.Event()

    def work(_job, _told):
        begun.set()
        goes_on.wait(timeout=20)
        return "/v1/lists/list_0"

    worker = Worker(state, work, explain=lambda _: {}, now=now, wake=threading.Event())
    job = submit(state, kind="list", request={}, asked_by="x", at=now())
    worker.start()
    begun.wait(timeout=20)
    assert not worker.stop(patience_s=0.05)
    assert claim(state, "another", at=now()).id == job.id
    goes_on.set()
    assert worker.stop(patience_s=20)


def test_a_job_that_does_not_exist_is_not_found(client):
    answer = client.get("/v1/jobs/job_0")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:shortlist:problem:unknown-job")


@pytest.mark.parametrize(
    ("text", "is_async", "wait_s"),
    [
        ("", False, 0),
        ("wait=5", False, 5),
        ("respond-async", True, 0),
        ("return=minimal, respond-async; wait=7", True, 7),
        ("wait=999999", False, LONGEST_WAIT_S),
        ("wait=soon, await=3", False, 0),
    ],
)
def test_a_preference_is_read_and_what_is_unknown_ignored(text, is_async, wait_s):
    assert read_preference(text) == (is_async, wait_s)
