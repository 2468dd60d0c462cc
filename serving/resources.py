"""What the routes share: where things lie, the state database, what is live."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from fastapi import Request
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from campaigns.desk import Desk
from pipeline.lookup import Lookup
from serving.audit_log import AuditLog
from serving.counters import Counters
from serving.keyring import KeyRing
from serving.live import LiveRelease
from serving.names import Names
from serving.pages import Pages

#: How SQLAlchemy says that the database does not answer. Its other errors are defects of ours.
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)


@dataclass(frozen=True)
class Resources:
    """Opened when the service starts, closed when it ends."""

    artifacts: Path
    state: Engine
    live: LiveRelease
    keys: KeyRing
    pages: Pages
    counters: Counters
    desk: Desk
    lookup: Lookup
    names: Names
    audit: AuditLog
    global_control: float = 0.0
    webhooks_allow: frozenset[str] = frozenset()
    wake: threading.Event = field(default_factory=threading.Event)

    def now(self) -> datetime:
        """Return the time; the only clock of the service."""
        return datetime.now(UTC)


async def resources(request: Request) -> Resources:
    """Return what the routes share."""
    found: Resources = request.app.state.resources
    return found
