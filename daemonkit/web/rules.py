"""What a web application allows."""

from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

from aiohttp import web


@dataclass(frozen=True, slots=True)
class WebRules:
    """`allowed_hosts`: lower-case host or host:port; a bare host allows any port. `form_targets`: origins beside our
    own that a form may lead to. `secret`: for CSRF tokens. Limits are octets, seconds, connections and requests a
    second for each peer; paths that begin with one of `exempt` are never limited.
    """

    allowed_hosts: frozenset[str]
    secret: bytes = field(repr=False)
    form_targets: tuple[str, ...] = ()
    body_limit: int = 16 * 1024
    body_deadline: float = 10.0
    peer_connections: int = 20
    total_connections: int = 256
    requests_per_second: float = 20.0
    burst: int = 60
    exempt: tuple[str, ...] = ("/healthz", "/static/")


RULES = web.AppKey("rules", WebRules)


def peer(address: str | None) -> str:
    """Who counts as one: an IPv4 address, or the 64-bit network of an IPv6 one, for that is what one device gets."""
    try:
        known = ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return known.exploded[:19]
    return str(known)
