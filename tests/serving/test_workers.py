"""Several workers on one port: one that is killed is replaced, and nobody else notices."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from scored import MODEL, NOBODY_HELD_OUT, NOON, go_live, many, store
from sqlalchemy import select
from sqlalchemy.orm import Session
from workers import fail_to_start, until, workers

from campaigns.building import list_id
from campaigns.list_spec import ListSpec
from campaigns.state.database import open_state
from campaigns.state.tables import QueuedJob
from pipeline.lock import exclusive
from pipeline.release import read_release, release
from pipeline.score_set import read_score_set
from serving.supervisor import Supervisor, WorkersFailedError

SPEC = {"model": MODEL, "size": 20, **NOBODY_HELD_OUT}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    artifacts = tmp_path_factory.mktemp("workers") / "artifacts"
    go_live(artifacts, many(300))
    with workers(artifacts) as started:
        started.artifacts = artifacts
        yield started


def counted(service):
    text = service.client.get("/metrics").text
    name = "shortlist_requests_total"
    families = text_string_to_metric_families(text)
    samples = [s for family in families for s in family.samples if s.name == name]
    return sum(s.value for s in samples if s.labels["route"] == "/v1/jobs/{job_id}")


def test_what_all_workers_have_answered_is_counted_whoever_is_asked(service):
    until(lambda: len(service.pids()) == 2, "two workers run")
    before = counted(service)
    for _ in range(30):
        assert service.client.get("/v1/jobs/job_0").status_code == 404
    assert {counted(service) for _ in range(10)} == {before + 30}


def test_a_killed_worker_is_replaced_and_its_neighbour_answers_meanwhile(service):
    first = until(lambda: len(service.pids()) == 2 and service.pids(), "two workers run")
    before = counted(service)
    killed = min(first)
    os.kill(killed, signal.SIGKILL)
    answers = [_asked_again_if_cut(service, "/readyz").status_code for _ in range(50)]
    until(lambda: len(service.pids() - {killed}) == 2, "two workers run again")
    assert set(answers) == {200}
    assert counted(service) == before
    assert f"worker {killed} ended with code -9" in service.log.read_text()


def test_a_release_reaches_all_workers_and_no_request_fails(service):
    until(lambda: len(service.pids()) == 2, "two workers run")
    ids = {v: store(service.artifacts, many(300), version=v).id for v in ("1", "2")}
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(service.client.post, "/v1/lists", json=SPEC) for _ in range(60)]
        for version in ("2", "1", "2"):
            release(service.artifacts, MODEL, version=version, score_set=ids[version], at=NOON)
        codes = {answer.result().status_code for answer in asked}
    after = [service.client.post("/v1/lists", json=SPEC).json() for _ in range(20)]
    release(service.artifacts, MODEL, version="1", score_set=ids["1"], at=NOON)
    assert codes <= {200, 201}
    assert {one["model_version"] for one in after} == {"2"}


def test_a_list_whose_worker_is_killed_is_built_by_the_other_and_never_half_there(service):
    state = open_state(service.artifacts)
    spec = {**SPEC, "seed": 7}
    live = read_release(service.artifacts)
    scores = read_score_set(service.artifacts, MODEL, live.live(MODEL).score_set)
    identity = list_id(ListSpec(**spec), scores, live)
    path = f"/v1/lists/{identity}"
    # While another builds the same list, the job waits for it.
    with exclusive(service.artifacts / "lists" / f".{identity}.lock"):
        headers = {"Prefer": "respond-async"}
        answer = service.client.post("/v1/lists", json=spec, headers=headers)
        job = answer.headers["Location"]
        owner = until(lambda: _owner(state, job), "somebody works on the job")
        os.kill(owner, signal.SIGKILL)
        meanwhile = [_asked_again_if_cut(service, path).status_code for _ in range(20)]
        successor = until(lambda: _owner(state, job, other_than=owner), "another takes over")
    done = until(lambda: _done(service, job), "the job is done")
    state.dispose()
    assert set(meanwhile) == {404}
    assert successor != owner
    assert (done["status"], done["attempts"], done["location"]) == ("succeeded", 2, path)
    assert service.client.get(path).json()["selected"] == 20


def test_workers_are_replaced_on_sighup_and_no_request_fails(service):
    before = until(lambda: len(service.pids()) == 2 and service.pids(), "two workers run")
    service.process.send_signal(signal.SIGHUP)
    codes = set()

    def replaced():
        codes.add(service.client.get("/readyz").status_code)
        return len(service.pids()) == 2 and not service.pids() & before

    until(replaced, "both workers are others")
    assert codes == {200}


def test_workers_share_the_limit_of_a_key(service):
    policy = service.client.get("/v1/models").headers["RateLimit-Policy"]
    assert policy == '"key";q=30000;w=60'


def test_workers_that_cannot_start_end_the_service_instead_of_being_started_for_ever():
    with pytest.raises(WorkersFailedError, match="code 3 before it was ready"):
        Supervisor(fail_to_start, count=1, patience_s=1).run()


def _asked_again_if_cut(service, path):
    """Ask; who was connected to the killed worker asks again."""
    try:
        return service.client.get(path)
    except httpx.TransportError:
        return service.client.get(path)


def _owner(state, path, *, other_than=None):
    with Session(state) as session:
        query = select(QueuedJob.owner).where(QueuedJob.id == path.rpartition("/")[2])
        owner = session.scalar(query)
    found = int(owner.partition("-")[0]) if owner else None
    return found if found != other_than else None


def _done(service, path):
    job = _asked_again_if_cut(service, path).json()
    return job if job["status"] in {"succeeded", "failed"} else None
