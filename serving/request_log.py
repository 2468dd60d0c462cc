"""One line of the log for each request: what was asked for in general, never for whom."""

import logging

from starlette.types import Scope

_LOG = logging.getLogger(__name__)


def log_request(scope: Scope, route: str, status: int, taken_s: float) -> None:
    """Log an answered request, where requests are logged.

    Parameters
    ----------
    scope : Scope
        The request.
    route : str
        The pattern of its route: a path may name a customer.
    status : int
        The status of the answer.
    taken_s : float
        Seconds until the answer was sent.
    """
    if not _LOG.isEnabledFor(logging.INFO):
        return
    key = scope.get("state", {}).get("key")
    fields = {
        "method": scope["method"],
        "route": route,
        "status": status,
        "duration_ms": round(taken_s * 1e3, 2),
        "key": key.prefix if key else None,
    }
    _LOG.info("answered", extra={"fields": fields})
