"""What a web application allows."""

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web


@dataclass(frozen=True, slots=True)
class WebRules:
    """`allowed_hosts`: lower-case host or host:port; a bare host allows any port. `form_targets`: origins beside our
    own that a form may lead to. `secret`: for CSRF tokens. Limits are octets, seconds, connections and requests a
    second for each peer; paths that begin with one of `exempt` are never limited. `trusted_proxies`: only what stands
    there may tell in X-Forwarded-For for whom it asks. `open_doors`: paths to which other sites may post forms;
    one that ends in `/` is all paths below it. `https`: browsers reach us by https, through a proxy, and no other way.
    `unlogged`: peers of whom nothing is logged when they are turned away: the screen that residents touch. `named`:
    below which paths the log says from which address somebody was; elsewhere only of floods and of other hosts' names.
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
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    open_doors: frozenset[str] = frozenset()
    https: bool = False
    unlogged: frozenset[str] = frozenset()
    named: tuple[str, ...] = ("/",)


RULES = web.AppKey("rules", WebRules)
_TWO_YEARS_S = 2 * 365 * 24 * 3600


def dress(rules: WebRules) -> dict[str, str]:
    """The headers that every response carries; only of Cache-Control may one say something else."""
    policy = (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "media-src 'self'",
        "object-src 'none'",
        " ".join(("form-action 'self'", *rules.form_targets)),
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    strict = {"Strict-Transport-Security": f"max-age={_TWO_YEARS_S}; includeSubDomains"} if rules.https else {}
    return strict | {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


@lru_cache(maxsize=4096)
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


def client(request: web.Request, rules: WebRules | None = None) -> str:
    """Who counts as one behind a request, as `peer` has it: the connection's other end, or who a trusted proxy names.

    Read from the right: every proxy adds at the end whom it heard, and only the first that is not trusted is believed
    about itself. What stands further left anybody may have written.
    """
    proxies = (rules or request.config_dict[RULES]).trusted_proxies
    address = request.remote or ""
    if not proxies or not _stands_in(address, proxies):
        return peer(address)
    for named in reversed(",".join(request.headers.getall("X-Forwarded-For", [])).split(",")):
        if peer(named.strip()) == "unknown":
            break  # nothing was told, or nothing that we understand: the proxy that told it is the last one known
        address = named.strip()
        if not _stands_in(address, proxies):
            break
    return peer(address)


def route(request: web.Request) -> str:
    """Where a request went, for the log: as the router has it, never as it was asked for, since an address may open
    a gift. Empty where nothing stands.
    """
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical


def _stands_in(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    return any(known in network for network in networks)
