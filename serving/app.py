"""The application factory: what the service is made of, in the order in which it acts."""

import functools
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from campaigns.desk import Desk
from campaigns.known_pseudonyms import KnownPseudonyms
from campaigns.pseudonyms import project_pseudonyms
from campaigns.state.database import open_state
from campaigns.webhooks.releases import ReleaseWatch
from campaigns.webhooks.sending import Sender
from campaigns.webhooks.targets import allowed_hosts
from pipeline.lookup import Lookup
from serving import (
    assignments,
    audit,
    campaigns,
    differences,
    exclusions,
    exports,
    health,
    jobs,
    keys,
    list_index,
    lists,
    members,
    metrics,
    models,
    products,
    reasons,
    reports,
    scores,
    standing_lists,
    webhooks,
)
from serving.access import Authenticate
from serving.audit_log import AuditLog
from serving.body_limit import LimitBody
from serving.counters import Counters, CountRequests
from serving.deliverer import Deliverer
from serving.documentation import describe_problems
from serving.idempotency import Idempotency
from serving.issuer_keys import IssuerKeys
from serving.keyring import KeyRing
from serving.live import LiveRelease
from serving.monitoring import MonitoringCollector
from serving.names import Names
from serving.pages import Pages
from serving.problems import handle_problems, kept_problem, refuse
from serving.rate_limit import LimitRate
from serving.request_id import RequestId
from serving.resources import Resources
from serving.settings import ServingSettings
from serving.tokens import Tokens
from serving.tracing import Tracing, tracing_from_environment
from serving.warm import warm
from serving.work import work
from serving.worker import Worker

_DESCRIPTION = """Ranked target lists from a retailer's own tables.

A list is frozen when it is built: its members keep their ranks, and paging through it never
skips or repeats. Errors are problem documents (RFC 9457) that say what to change.
"""


def create_app(
    settings: ServingSettings, *, tracing: Tracing | None = None, ahead: bool = False
) -> FastAPI:
    """Return the service; it opens what it needs when it starts, and closes it at the end.

    Parameters
    ----------
    settings : ServingSettings
        How it runs here.
    tracing : Tracing, optional
        Where traces go; as the environment says if left out.
    ahead : bool
        Whether the process is the service's own: it loads ahead what first answers need, and
        its collector never looks at that again; see `warm`.
    """
    counters = Counters(MonitoringCollector(settings.artifacts))
    tracing = tracing or tracing_from_environment()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = open_state(settings.artifacts, settings.state_url)
        desk = Desk(settings.artifacts, hold_purchases=settings.hold_purchases)
        live = LiveRelease(settings.artifacts)
        pseudonyms = project_pseudonyms(state, at=datetime.now(UTC))
        shared = Resources(
            artifacts=settings.artifacts,
            state=state,
            live=live,
            keys=KeyRing(state, _tokens(settings)),
            pages=Pages(settings.artifacts, state, capacity_bytes=settings.page_cache_bytes),
            counters=counters,
            desk=desk,
            lookup=Lookup(settings.artifacts),
            names=Names(pseudonyms, KnownPseudonyms(pseudonyms), settings.artifacts, live),
            audit=AuditLog(state),
            global_control=settings.global_control_share,
            webhooks_allow=allowed_hosts(settings.webhooks_allow),
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
        deliverer = Deliverer(
            state,
            Sender(allow=shared.webhooks_allow),
            ReleaseWatch(settings.artifacts, state),
            now=shared.now,
        )
        warming = threading.Thread(target=warm, args=(shared,), name="warm", daemon=True)
        shared.audit.start()
        worker.start()
        deliverer.start()
        if ahead:
            warming.start()
        try:
            yield
        finally:
            if ahead:
                await run_in_threadpool(warming.join)
            await run_in_threadpool(deliverer.stop, patience_s=settings.job_patience_s)
            # What a job still uses may not be closed under it: it ends with the process.
            if await run_in_threadpool(worker.stop, patience_s=settings.job_patience_s):
                desk.close()
            shared.audit.stop()
            state.dispose()
            tracing.stop()

    app = FastAPI(
        title="Shortlist",
        version=version("shortlist"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        telemetry=tracing.telemetry(),
    )
    # The last one added acts first.
    app.add_middleware(Idempotency, refuse=refuse, never={keys.PATH, webhooks.PATH})
    app.add_middleware(
        LimitBody,
        limit=settings.max_body_bytes,
        refuse=refuse,
        others=dict.fromkeys(reports.PATHS, settings.max_bulk_bytes),
    )
    app.add_middleware(LimitRate, limit=settings.rate_limit_per_minute, refuse=refuse)
    app.add_middleware(Authenticate, refuse=refuse)
    app.add_middleware(CountRequests, counters=counters)
    app.add_middleware(RequestId)
    for resource in (
        *(health, metrics, jobs),
        *(lists, list_index, members, reasons, exclusions, differences, exports, assignments),
        *(scores, products),
        *(campaigns, reports, standing_lists, webhooks),
        *(models, keys, audit),
    ):
        app.include_router(resource.router)
    handle_problems(app)
    describe_problems(app)
    return app


def _tokens(settings: ServingSettings) -> Tokens | None:
    rules, keys_at = settings.token_rules, settings.oidc_jwks_url
    return Tokens(rules, IssuerKeys(keys_at)) if rules and keys_at else None
