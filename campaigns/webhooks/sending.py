"""One attempt to deliver a message: bounded in time and size, to the address that was checked."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import NamedTuple

import httpx

from campaigns.webhooks.targets import Resolve, UnfitTargetError, checked, resolve

#: The longest that an attempt takes, from the name of the host to the answer, in seconds.
PATIENCE_S = 15.0
_USER_AGENT = "Shortlist-Webhooks/1"


class Outcome(NamedTuple):
    """What came of an attempt.

    Attributes
    ----------
    status : int, optional
        What the receiver answered.
    problem : str, optional
        What went wrong, in our words: nothing of the answer but its status is kept.
    retry_after_s : float
        How long the receiver asked us to wait, in seconds.
    """

    status: int | None = None
    problem: str | None = None
    retry_after_s: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Whether the receiver has it."""
        return self.problem is None


class Sender:
    """Posts messages.

    Parameters
    ----------
    allow : frozenset of str
        Hosts that may be anywhere, and be spoken to without TLS.
    patience_s : float
        The longest that an attempt takes.
    resolve : callable
        Returns the addresses of a host.
    tls : ssl.SSLContext, optional
        Whose certificates are believed; by default those that browsers believe.
    """

    def __init__(
        self,
        *,
        allow: frozenset[str] = frozenset(),
        patience_s: float = PATIENCE_S,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allow = allow
        self._patience_s = patience_s
        self._resolve = resolve
        self._tls = tls

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Post a body to where a URL leads now; redirects are not followed."""
        try:
            # httpx bounds each step; this bounds all of them together, however they trickle.
            async with asyncio.timeout(self._patience_s):
                return await self._post(url, body, headers)
        except TimeoutError:
            return Outcome(problem=f"no answer within {self._patience_s:g} s")
        except UnfitTargetError as error:
            return Outcome(problem=str(error))
        except (httpx.HTTPError, OSError) as error:
            return Outcome(problem=f"the connection failed ({type(error).__name__})")

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        target = await checked(url, allow=self._allow, resolve=self._resolve)
        if self._tls is None:
            self._tls = httpx.create_ssl_context(trust_env=False)
        usual = {"https": 443, "http": 80}[target.scheme]
        name = f"[{target.host}]" if ":" in target.host else target.host
        request = httpx.Request(
            "POST",
            httpx.URL(
                scheme=target.scheme, host=target.address, port=target.port, raw_path=target.path
            ),
            headers={
                **headers,
                "Host": name if target.port == usual else f"{name}:{target.port}",
                "Content-Type": "application/json",
                "User-Agent": _USER_AGENT,
                "Connection": "close",
            },
            content=body,
            # The certificate has to be the host's, though the address is what we connect to.
            extensions={"sni_hostname": target.host},
        )
        async with httpx.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=self._patience_s
        ) as client:
            answer = await client.send(request, stream=True)
            await answer.aclose()  # of the answer only its status is of interest
        return _told(answer)


def _told(answer: httpx.Response) -> Outcome:
    if answer.is_success:
        return Outcome(answer.status_code)
    what = "a redirect, which is not followed" if answer.has_redirect_location else "no success"
    return Outcome(
        answer.status_code,
        f"answered {answer.status_code}: {what}",
        _seconds(answer.headers.get("retry-after", "")),
    )


def _seconds(retry_after: str) -> float:
    """Read `Retry-After` in seconds; a date is not waited for."""
    return float(retry_after[:6]) if retry_after.isdecimal() else 0.0
