"""Jobs: waited for."""

from urllib.parse import quote

from shortlist.client.answers import JobDocument
from shortlist.client.errors import JobFailedError, NotFinishedError
from shortlist.client.transport import Transport

#: Seconds between two looks at a job.
LOOKS_EVERY_S = 0.5
_DONE = frozenset({"succeeded", "failed", "cancelled"})


class Jobs:
    """Work that outlasts its request."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, job_id: str) -> JobDocument:
        """Return how far a job has come."""
        job: JobDocument = self._transport.get(f"/v1/jobs/{quote(job_id, safe='')}")
        return job

    def cancel(self, job_id: str) -> JobDocument:
        """Cancel a job that nobody has begun."""
        path = f"/v1/jobs/{quote(job_id, safe='')}"
        job: JobDocument = self._transport.request("DELETE", path).json()
        return job

    def wait(self, job_id: str, *, wait_s: float = 600.0) -> str:
        """Wait for a job; return the path of what was made.

        Raises
        ------
        JobFailedError
            If it failed, or was cancelled.
        NotFinishedError
            If it has not ended after `wait_s` seconds; it goes on.
        """
        until = self._transport.clock() + wait_s
        while (job := self.get(job_id))["status"] not in _DONE:
            if self._transport.clock() >= until:
                raise NotFinishedError(job_id, wait_s)
            self._transport.sleep(LOOKS_EVERY_S)
        if job["location"] is None or job["status"] != "succeeded":
            cancelled = {"title": "The job was cancelled", "status": 409}
            raise JobFailedError(job_id, job["problem"] or cancelled)
        return job["location"]
