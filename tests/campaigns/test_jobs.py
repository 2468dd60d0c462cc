"""A job is done once, by whoever claims it first, and survives whoever works on it."""

import threading
from datetime import timedelta

import pytest
from scored import NOON

from campaigns.jobs import (
    LEASE,
    MOST_ATTEMPTS,
    StartedJobError,
    UnknownJobError,
    cancel,
    claim,
    fail,
    find_job,
    give_back,
    renew,
    submit,
    succeed,
)

LATER = NOON + LEASE + timedelta(seconds=1)


def queued(state, number=1):
    at = NOON + timedelta(seconds=number)
    return submit(state, kind="list", request={"number": number}, asked_by="1f3a9c0b", at=at)


def test_jobs_are_claimed_oldest_first_and_each_once(state):
    first, second = queued(state, 1), queued(state, 2)
    assert claim(state, "ann", at=NOON).id == first.id
    assert claim(state, "bob", at=NOON).id == second.id
    assert claim(state, "cat", at=NOON) is None


def test_of_many_who_claim_at_once_one_has_the_job(state):
    job = queued(state)
    start, claimed = threading.Barrier(6), []

    def one(name):
        start.wait(timeout=10)
        claimed.append(claim(state, name, at=NOON))

    threads = [threading.Thread(target=one, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found.id for found in claimed if found] == [job.id]
    assert find_job(state, job.id).attempts == 1


def test_a_job_whose_worker_went_silent_is_taken_over_and_the_old_worker_has_no_say(state):
    job = queued(state)
    claim(state, "ann", at=NOON)
    assert claim(state, "bob", at=NOON + LEASE) is None
    assert claim(state, "bob", at=LATER).attempts == 2
    assert not succeed(state, job.id, "ann", location="/v1/lists/wrong", at=LATER)
    assert succeed(state, job.id, "bob", location="/v1/lists/right", at=LATER)
    assert find_job(state, job.id).location == "/v1/lists/right"


def test_a_renewed_lease_is_not_taken_over(state):
    job = queued(state)
    claim(state, "ann", at=NOON)
    assert renew(state, job.id, "ann", at=LATER, progress=0.5)
    assert claim(state, "bob", at=LATER) is None
    assert find_job(state, job.id).progress == 0.5


def test_a_job_that_kills_its_workers_is_given_up(state):
    job = queued(state)
    for turn in range(MOST_ATTEMPTS):
        assert claim(state, "ann", at=NOON + turn * 2 * LEASE)
    assert claim(state, "ann", at=NOON + MOST_ATTEMPTS * 2 * LEASE) is None
    found = find_job(state, job.id)
    assert (found.status, found.problem["type"]) == (
        "failed",
        "urn:shortlist:problem:abandoned-job",
    )


def test_a_job_that_is_given_back_is_queued_as_if_nobody_had_begun(state):
    job = queued(state)
    claim(state, "ann", at=NOON)
    assert give_back(state, job.id, "ann")
    found = find_job(state, job.id)
    assert (found.status, found.attempts) == ("queued", 0)
    assert claim(state, "bob", at=NOON).id == job.id


def test_only_what_nobody_has_begun_is_cancelled(state):
    first, second = queued(state, 1), queued(state, 2)
    claim(state, "ann", at=NOON)
    with pytest.raises(StartedJobError, match="has begun"):
        cancel(state, first.id, at=NOON)
    assert cancel(state, second.id, at=NOON).status == "cancelled"
    assert claim(state, "bob", at=NOON) is None


def test_a_failure_keeps_its_problem(state):
    job = queued(state)
    claim(state, "ann", at=NOON)
    problem = {"type": "t", "title": "T", "status": 422, "detail": "d"}
    assert fail(state, job.id, "ann", problem=problem, at=NOON)
    assert find_job(state, job.id).problem == problem


def test_a_job_that_was_never_queued_is_unknown(state):
    with pytest.raises(UnknownJobError):
        find_job(state, "job_0")
