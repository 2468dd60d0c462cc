"""Wait for a job of the service."""

import time


def done(client, answer, *, within_s=20):
    """Return the document of the job that an answer names, once it is done."""
    assert answer.status_code == 202, answer.text
    until = time.monotonic() + within_s
    while True:
        job = client.get(answer.headers["Location"]).raise_for_status().json()
        if job["status"] not in {"queued", "running"}:
            return job
        assert time.monotonic() < until, f"the job is {job['status']}"
        time.sleep(0.02)
