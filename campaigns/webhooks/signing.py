"""Signatures by which a receiver knows that a message is ours (Standard Webhooks, HMAC-SHA256)."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

_MARK = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new secret: 256 random bits in Base64, after `whsec_`."""
    return _MARK + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(secret: str, event_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers that prove who sent a body, and when.

    Parameters
    ----------
    secret : str
        As the subscription was given it.
    event_id : str
        The same for each attempt, so that a receiver knows what it has had.
    at : datetime
        The time of the attempt.
    body : bytes
        What is sent.

    References
    ----------
    .. [1] Standard Webhooks, https://www.standardwebhooks.com, specification 1.0.

    Examples
    --------
    >>> from datetime import UTC
    >>> secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    >>> at = datetime.fromtimestamp(1614265330, UTC)
    >>> body = b'{"test": 2432232314}'
    >>> headers = signed_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
    >>> headers["webhook-signature"]
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    sent_at = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(_MARK))
    signed = hmac.digest(key, f"{event_id}.{sent_at}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": sent_at,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
