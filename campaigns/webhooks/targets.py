"""Where messages may go: to addresses of the public internet, over https, and nowhere else.

A webhook is a way to make our server send a request to an address of somebody else's choice.
So the address is looked at twice: when a webhook is added, for an early answer, and each time
something is delivered, since by then its name may lead elsewhere. What was looked at is what
is connected to.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

import httpx

#: Returns the addresses of a host.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_HTTPS_PORT = 443
_HTTP_PORT = 80
_LAST_PORT = 65_535
#: So long a name may take to be looked up, in seconds.
_RESOLVE_S = 10.0
#: Public by its number, but each machine of that cloud has its own behind it.
_METADATA = frozenset({ip_address("168.63.129.16")})
#: Reserved, or ways to somewhere else, which Python of some versions takes for public.
_NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            *("192.0.0.0/24", "192.88.99.0/24"),
            *("64:ff9b:1::/48", "100::/64", "2001::/23", "2002::/16", "3fff::/20", "5f00::/16"),
        ),
    )
)
#: Addresses that stand for an IPv4 address in their last 32 bits.
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")


class UnfitTargetError(ValueError):
    """Nothing may be sent there."""


class Target(NamedTuple):
    """Where to connect to, and what to ask for there.

    Attributes
    ----------
    scheme, host : str
        As the URL says.
    port : int
        As the URL says, or as is usual.
    path : bytes
        Path and query.
    address : str
        The address that was looked at.
    """

    scheme: str
    host: str
    port: int
    path: bytes
    address: str


def allowed_hosts(setting: str) -> frozenset[str]:
    """Return the hosts that a setting names, separated by commas.

    Examples
    --------
    >>> sorted(allowed_hosts("Receiver.test, 127.0.0.1"))
    ['127.0.0.1', 'receiver.test']
    """
    return frozenset(name.strip().lower() for name in setting.split(",") if name.strip())


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as the system knows them.

    Raises
    ------
    OSError, UnicodeError
        If it has none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def checked(
    url: str, *, allow: frozenset[str] = frozenset(), resolve: Resolve = resolve
) -> Target:
    """Return where a URL leads, if something may be sent there.

    Parameters
    ----------
    url : str
        As somebody gave it.
    allow : frozenset of str
        Hosts that may be anywhere, and be spoken to without TLS.
    resolve : callable
        Returns the addresses of a host.

    Raises
    ------
    UnfitTargetError
        If it is no https URL, or any of its addresses is not on the public internet.
    """
    try:
        parsed = httpx.URL(url)
        port = parsed.port
    except (httpx.InvalidURL, ValueError):
        raise UnfitTargetError(
            "this is no URL. Give one such as https://crm.example/hook."
        ) from None
    host = parsed.raw_host.decode("ascii").strip("[]").rstrip(".").lower()
    if parsed.scheme not in {"https", "http"} or not host:
        raise UnfitTargetError("this is no https URL. Give one such as https://crm.example/hook.")
    if parsed.userinfo or parsed.fragment:
        raise UnfitTargetError("a user, a password or a fragment is in the URL. Leave it out.")
    if port is not None and not 0 < port <= _LAST_PORT:
        raise UnfitTargetError("there is no such port. Give another, or none.")
    free = host in allow
    if parsed.scheme == "http" and not free:
        raise UnfitTargetError("messages are sent over https only. Give an https URL.")
    port = port or (_HTTPS_PORT if parsed.scheme == "https" else _HTTP_PORT)
    try:
        async with asyncio.timeout(_RESOLVE_S):
            addresses = await resolve(host, port)
    except (OSError, UnicodeError):  # a timeout is an OSError
        addresses = []
    if not addresses:
        raise UnfitTargetError("the host has no address. Check its name.")
    if not free and not all(is_public(address) for address in addresses):
        raise UnfitTargetError(
            "the host is not on the public internet, or has another address that is not. "
            "SHORTLIST_WEBHOOKS_ALLOW names hosts that may be."
        )
    return Target(parsed.scheme, host, port, parsed.raw_path, addresses[0])


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public internet.

    Not so are private, loopback, link-local, shared, reserved and multicast addresses, those
    of cloud metadata services, and IPv6 addresses that stand for such an IPv4 address.

    Examples
    --------
    >>> is_public("93.184.215.14"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.scope_id is not None:
        return False
    meant = _meant(found)
    return (
        meant.is_global
        and not meant.is_multicast
        and not meant.is_reserved
        and meant not in _METADATA
        and not any(meant in network for network in _NOT_PUBLIC)
    )


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, if it stands for one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64 or address in _COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address
