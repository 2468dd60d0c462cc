"""What can go wrong, as exceptions that carry the fields of the problem document (RFC 9457)."""

from collections.abc import Mapping
from typing import Any

import httpx


class ShortlistError(Exception):
    """Base of all errors of the client."""


class UnreachableError(ShortlistError):
    """The service does not answer."""


class DamagedDownloadError(ShortlistError):
    """A file did not arrive as it was written; nothing was kept of it."""


class NotFinishedError(ShortlistError):
    """A job has not ended in the time that was given; it goes on.

    Attributes
    ----------
    job_id : str
        Ask for it later with `client.jobs.wait(job_id)`.
    """

    def __init__(self, job_id: str, wait_s: float) -> None:
        super().__init__(
            f"{job_id} has not ended within {wait_s:g} s. It goes on: wait for it again with "
            f"client.jobs.wait({job_id!r})."
        )
        self.job_id = job_id


class ServiceError(ShortlistError):
    """The service refused a request, or could not answer it.

    Attributes
    ----------
    status : int
        The status code.
    type, title, detail : str
        Which problem, what it is called, and what to change.
    request_id : str
        Quote it when you ask for help.
    errors : list of dict
        Where in the request: `detail` with a `pointer` into the body, or a `parameter`.
    retry_after_s : float, optional
        When to try again, if the service said so.
    """

    def __init__(
        self, problem: Mapping[str, Any], *, status: int, retry_after_s: float | None = None
    ) -> None:
        self.status = status
        self.type = str(problem.get("type", "about:blank"))
        self.title = str(problem.get("title", f"status {status}"))
        self.detail = str(problem.get("detail", ""))
        self.request_id = str(problem.get("request_id", ""))
        self.errors: list[dict[str, str]] = list(problem.get("errors", []))
        self.retry_after_s = retry_after_s
        super().__init__(f"{status} {self.title}: {self.detail}".rstrip(": "))

    @property
    def kind(self) -> str:
        """The last part of `type`, such as `unreleased-model`."""
        return self.type.rpartition(":")[2]


class UnauthorizedError(ServiceError):
    """The key is missing, unknown, expired or revoked (401)."""


class ForbiddenError(ServiceError):
    """The key lacks a scope (403)."""


class NotFoundError(ServiceError):
    """There is no such thing (404)."""


class ConflictError(ServiceError):
    """It contradicts what there is (409)."""


class InvalidRequestError(ServiceError):
    """The request has to be changed (any other status below 500); `errors` says where."""


class RateLimitedError(ServiceError):
    """Too many requests, for longer than the client waits (429)."""


class UnavailableError(ServiceError):
    """The service could not answer for longer than the client waits (5xx)."""


class JobFailedError(ServiceError):
    """A job was refused, or broke off; nothing was made.

    Attributes
    ----------
    job_id : str
        The job.
    """

    def __init__(self, job_id: str, problem: Mapping[str, Any]) -> None:
        super().__init__(problem, status=int(problem.get("status", 500)))
        self.job_id = job_id


_BY_STATUS: dict[int, type[ServiceError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitedError,
}
_OURS = 500


def error_of(answer: httpx.Response) -> ServiceError:
    """Return the error that an answer tells of, whether or not it is a problem document."""
    try:
        document = answer.json()
    except ValueError:
        document = {}
    usual = UnavailableError if answer.status_code >= _OURS else InvalidRequestError
    kind = _BY_STATUS.get(answer.status_code, usual)
    return kind(
        document if isinstance(document, dict) else {},
        status=answer.status_code,
        retry_after_s=retry_after_s(answer),
    )


def retry_after_s(answer: httpx.Response) -> float | None:
    """Return what `Retry-After` says, in seconds; none where it says nothing."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None
