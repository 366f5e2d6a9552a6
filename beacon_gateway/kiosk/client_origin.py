"""Classify where a request comes from: this device, the local network, or elsewhere."""

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from daemonkit.web import route_pattern

_FOR_OTHER_DEVICES = ("/site", "/static/")
"""Prefixes of the routes that a client other than this device reaches: the staff pages, which ask for a PIN, and their
files."""


class ClientOrigin(StrEnum):
    device = "device"
    """The screen of this device, or somebody who is logged in on it."""
    network = "network"
    """The local network: private and link-local addresses (RFC 1918, 3927, 4193, 4291)."""
    external = "external"
    """Any other address, and every request through a proxy."""


def classify_client(request: web.Request) -> ClientOrigin:
    if hdrs.X_FORWARDED_FOR in request.headers or hdrs.FORWARDED in request.headers:
        return ClientOrigin.external
    local = request.transport.get_extra_info("sockname") if request.transport else None
    return _classify_address(request.remote or "", local[0] if isinstance(local, tuple) else "")


def admit_clients(classify: Callable[[web.Request], ClientOrigin]) -> Middleware:
    """Return the middleware that gives other devices 404 for everything but `_FOR_OTHER_DEVICES`."""

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        # The matched route decides: a path can be written in many ways.
        if not route_pattern(request).startswith(_FOR_OTHER_DEVICES) and classify(request) is not ClientOrigin.device:
            raise web.HTTPNotFound
        return await handler(request)

    return admit


@lru_cache(maxsize=256)
def _classify_address(remote: str, own: str) -> ClientOrigin:
    """`own`: our address on that connection, "" where there is none."""
    try:
        address = _unmap(ip_address(remote.partition("%")[0]))
        if address.is_loopback or (own and address == _unmap(ip_address(own.partition("%")[0]))):
            return ClientOrigin.device
    except ValueError:
        return ClientOrigin.external
    return ClientOrigin.network if address.is_private or address.is_link_local else ClientOrigin.external


def _unmap(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return 192.0.2.1 for `::ffff:192.0.2.1`."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
