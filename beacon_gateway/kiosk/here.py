"""Who asks: this device itself, somebody on the local network, or anybody else."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import web


class From(StrEnum):
    device = "device"
    """The screen of this device, or somebody who is logged in on it."""
    network = "network"
    """The local network: private and link-local addresses (RFC 1918, 3927, 4193, 4291)."""
    elsewhere = "elsewhere"
    """Also whoever asks through a proxy: nobody says for whom it asks."""


def asked_from(request: web.Request) -> From:
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return From.elsewhere
    remote = (request.remote or "").partition("%")[0]
    local = request.transport.get_extra_info("sockname") if request.transport else None
    own = local[0].partition("%")[0] if isinstance(local, tuple) else ""
    try:
        address = _plain(ip_address(remote))
        if address.is_loopback or (own and address == _plain(ip_address(own))):
            return From.device
    except ValueError:
        return From.elsewhere
    return From.network if address.is_private or address.is_link_local else From.elsewhere


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """`::ffff:192.0.2.1` is 192.0.2.1."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
