"""The application factory: what the service is made of, in the order in which it acts."""

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from campaigns.desk import Desk
from campaigns.state.database import open_state
from pipeline.lookup import Lookup
from serving import (
    assignments,
    campaigns,
    differences,
    exclusions,
    exports,
    health,
    jobs,
    list_index,
    lists,
    members,
    metrics,
    products,
    reasons,
    reports,
    scores,
    standing_lists,
)
from serving.access import Authenticate
from serving.body_limit import LimitBody
from serving.counters import Counters, CountRequests
from serving.documentation import describe_problems
from serving.idempotency import Idempotency
from serving.keyring import KeyRing
from serving.live import LiveRelease
from serving.monitoring import MonitoringCollector
from serving.pages import Pages
from serving.problems import handle_problems, kept_problem, refuse
from serving.request_id import RequestId
from serving.resources import Resources
from serving.settings import ServingSettings
from serving.work import work
from serving.worker import Worker

_DESCRIPTION = """Ranked target lists from a retailer's own tables.

A list is frozen when it is built: its members keep their ranks, and paging through it never
skips or repeats. Errors are problem documents (RFC 9457) that say what to change.
"""


def create_app(settings: ServingSettings) -> FastAPI:
    """Return the service; it opens what it needs when it starts, and closes it at the end."""
    counters = Counters()
    counters.registry.register(MonitoringCollector(settings.artifacts))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = open_state(settings.artifacts, settings.state_url)
        desk = Desk(settings.artifacts, hold_purchases=settings.hold_purchases)
        shared = Resources(
            artifacts=settings.artifacts,
            state=state,
            live=LiveRelease(settings.artifacts),
            keys=KeyRing(state),
            pages=Pages(settings.artifacts, state, capacity_bytes=settings.page_cache_bytes),
            counters=counters,
            desk=desk,
            lookup=Lookup(settings.artifacts),
            global_control=settings.global_control_share,
        )
        app.state.resources = shared
        worker = Worker(
            state,
            functools.partial(work, shared),
            explain=kept_problem,
            now=shared.now,
            wake=shared.wake,
            lease=timedelta(seconds=settings.job_lease_s),
        )
        worker.start()
        try:
            yield
        finally:
            # What a job still uses may not be closed under it: it ends with the process.
            if await run_in_threadpool(worker.stop, patience_s=settings.job_patience_s):
                desk.close()
            state.dispose()

    app = FastAPI(
        title="Shortlist",
        version=version("shortlist"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
    )
    # The last one added acts first.
    app.add_middleware(Idempotency, refuse=refuse)
    app.add_middleware(
        LimitBody,
        limit=settings.max_body_bytes,
        refuse=refuse,
        others=dict.fromkeys(reports.PATHS, settings.max_bulk_bytes),
    )
    app.add_middleware(Authenticate, refuse=refuse)
    app.add_middleware(CountRequests, counters=counters)
    app.add_middleware(RequestId)
    for resource in (
        *(health, metrics, jobs),
        *(lists, list_index, members, reasons, exclusions, differences, exports, assignments),
        *(scores, products),
        *(campaigns, reports, standing_lists),
    ):
        app.include_router(resource.router)
    handle_problems(app)
    describe_problems(app)
    return app
