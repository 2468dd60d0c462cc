"""What the processes of a service count, and where they count it."""

import os
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.request_log import log_request

#: Names the folder in which the workers of one service count together; none for one process.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Counters:
    """What is counted: by one process, or by all workers together in a folder they share.

    Parameters
    ----------
    *read : Collector
        What is not counted but read when somebody asks, the same by every worker.
    """

    def __init__(self, *read: Collector) -> None:
        self.registry = CollectorRegistry()
        self._read = read
        self.requests = Counter(
            "shortlist_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "shortlist_request_seconds",
            "Time to answer.",
            ["route"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )
        self.revision = Gauge(
            "shortlist_release_revision",
            "Revision that is answered from.",
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.problems = Gauge(
            "shortlist_release_problems",
            "What of the newest release cannot be read; more than 0 is an alarm.",
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )

    def text(self) -> bytes:
        """Return what was counted, by all workers if there are several, for Prometheus.

        A worker that has ended keeps its part in the sums, so that they never fall.
        """
        together = CollectorRegistry()
        if SHARED_FOLDER in os.environ:
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # it says nothing of types
        else:
            together.register(self.registry)
        for one in self._read:
            together.register(one)
        return generate_latest(together)


class CountRequests:
    """Count and log each request under the pattern of its route, never under its path."""

    def __init__(self, app: ASGIApp, counters: Counters) -> None:
        self.app = app
        self.counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting_status)
        finally:
            # Before a route is found (unknown paths, refused keys) there is no pattern.
            route = getattr(scope.get("route"), "path", "none")
            taken_s = time.perf_counter() - started
            self.counters.requests.labels(scope["method"], route, status).inc()
            self.counters.seconds.labels(route).observe(taken_s)
            log_request(scope, route, status, taken_s)
