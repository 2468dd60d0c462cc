"""The HTTP interface from Python: `from shortlist.client import Client`.

It takes nothing but httpx: none of what the service is made of is imported.
"""

from shortlist.client.client import Client
from shortlist.client.errors import (
    ConflictError,
    DamagedDownloadError,
    ForbiddenError,
    InvalidRequestError,
    JobFailedError,
    NotFinishedError,
    NotFoundError,
    RateLimitedError,
    ServiceError,
    ShortlistError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
)

__all__ = [
    "Client",
    "ConflictError",
    "DamagedDownloadError",
    "ForbiddenError",
    "InvalidRequestError",
    "JobFailedError",
    "NotFinishedError",
    "NotFoundError",
    "RateLimitedError",
    "ServiceError",
    "ShortlistError",
    "UnauthorizedError",
    "UnavailableError",
    "UnreachableError",
]
