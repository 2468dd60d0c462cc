"""What one process counts, and where it counts it."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Counters:
    """What one process counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
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
            "shortlist_release_revision", "Revision that is answered from.", registry=self.registry
        )
        self.problems = Gauge(
            "shortlist_release_problems",
            "What of the newest release cannot be read; more than 0 is an alarm.",
            registry=self.registry,
        )


class CountRequests:
    """Count each request under the pattern of its route, never under its path."""

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
            self.counters.requests.labels(scope["method"], route, status).inc()
            self.counters.seconds.labels(route).observe(time.perf_counter() - started)
