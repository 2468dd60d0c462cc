"""One object for the whole HTTP interface."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from shortlist.client.campaigns import Campaigns
from shortlist.client.jobs import Jobs
from shortlist.client.lists import Lists
from shortlist.client.reports import Reports
from shortlist.client.scores import Scores
from shortlist.client.transport import Transport


class Client:
    """Asks the service, and is asked to be closed: use it in a `with` block.

    Parameters
    ----------
    url : str
        Where the service listens, such as `https://shortlist.example`.
    key : str
        As `shortlist keys create` printed it.
    timeout_s : float
        So long one answer may take, in seconds.
    retry_for_s : float
        So long a request is sent again while the service is busy or away, in seconds.
    sleep, clock : callable
        Wait so many seconds; return the time, in seconds.

    Attributes
    ----------
    lists, jobs, scores, campaigns, reports
        The parts of the interface.

    Examples
    --------
    >>> with Client("http://127.0.0.1:8000", key="sl_...") as client:  # doctest: +SKIP
    ...     made = client.lists.create({"model": "customer_activity", "size": 1000})
    ...     best = [member["customer_id"] for member in client.lists.members(made["id"])]
    """

    def __init__(
        self,
        url: str,
        *,
        key: str,
        timeout_s: float = 60.0,
        retry_for_s: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout_s,
            follow_redirects=False,
        )
        transport = Transport(self._http, retry_for_s=retry_for_s, sleep=sleep, clock=clock)
        self.jobs = Jobs(transport)
        self.lists = Lists(transport, self.jobs)
        self.scores = Scores(transport)
        self.campaigns = Campaigns(transport)
        self.reports = Reports(transport)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()
