"""Who asks: this device itself, somebody on the local network, or anybody else."""

from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import hdrs, web


class From(StrEnum):
    device = "device"
    """The screen of this device, or somebody who is logged in on it."""
    network = "network"
    """The local network: private and link-local addresses (RFC 1918, 3927, 4193, 4291)."""
    elsewhere = "elsewhere"
    """Also whoever asks through a proxy: nobody says for whom it asks."""


def asked_from(request: web.Request) -> From:
    if hdrs.X_FORWARDED_FOR in request.headers or hdrs.FORWARDED in request.headers:
        return From.elsewhere
    local = request.transport.get_extra_info("sockname") if request.transport else None
    return _where(request.remote or "", local[0] if isinstance(local, tuple) else "")


@lru_cache(maxsize=256)
def _where(remote: str, own: str) -> From:
    """`own`: our address on that connection, "" where there is none."""
    try:
        address = _plain(ip_address(remote.partition("%")[0]))
        if address.is_loopback or (own and address == _plain(ip_address(own.partition("%")[0]))):
            return From.device
    except ValueError:
        return From.elsewhere
    return From.network if address.is_private or address.is_link_local else From.elsewhere


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """`::ffff:192.0.2.1` is 192.0.2.1."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
