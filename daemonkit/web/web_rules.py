"""Rules of a web application, and the identity of a client behind them."""

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web


@dataclass(frozen=True, slots=True)
class WebRules:
    """What an application accepts. Limits are bytes, seconds, connections, and requests per second and peer.

    `allowed_hosts`: lower-case host or host:port; a bare host allows any port, except in JSON without a signature:
    only ours. `secret`: for CSRF tokens.
    `reserved_connections`: of the total, only for this machine: guests cannot lock out its own screen or proxy.
    `form_targets`: origins besides our own to which a form may lead. `exempt`: path prefixes without a rate limit.
    `trusted_proxies`: only they may name the client in X-Forwarded-For. `open_doors`: paths to which other sites may
    post forms; one that ends in `/` covers all paths below it. `https`: browsers reach us through a proxy, by https
    only. `unlogged`: peers (the screen that residents touch) whose refused requests are not logged. `named`: path
    prefixes below which the log names the client; elsewhere it does so only for floods and foreign host names.
    """

    allowed_hosts: frozenset[str]
    secret: bytes = field(repr=False)
    form_targets: tuple[str, ...] = ()
    body_limit: int = 16 * 1024
    body_deadline: float = 10.0
    peer_connections: int = 20
    total_connections: int = 256
    reserved_connections: int = 32
    requests_per_second: float = 20.0
    burst: int = 60
    exempt: tuple[str, ...] = ("/healthz", "/metrics", "/static/")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    open_doors: frozenset[str] = frozenset()
    https: bool = False
    unlogged: frozenset[str] = frozenset()
    named: tuple[str, ...] = ("/",)

    @property
    def scheme(self) -> str:
        """The scheme by which browsers reach us."""
        return "https" if self.https else "http"


RULES = web.AppKey("rules", WebRules)
_TWO_YEARS_S = 2 * 365 * 24 * 3600


def security_headers(rules: WebRules) -> dict[str, str]:
    """Return the headers of every response; a handler may replace only Cache-Control."""
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
def identify_peer(address: str | None) -> str:
    """Return an IPv4 address, or the /64 network of an IPv6 address (one device gets a /64); else `unknown`."""
    try:
        known = ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return known.exploded[:19]
    return str(known)


def identify_client(request: web.Request, rules: WebRules | None = None) -> str:
    """Return the peer (as `identify_peer`) that sent the request: the other end, or the client a trusted proxy names.

    X-Forwarded-For is read from the right, as each proxy appends its client. The first untrusted address is the
    client; entries left of it can be forged.
    """
    proxies = (rules or request.config_dict[RULES]).trusted_proxies
    address = request.remote or ""
    if not proxies or not _is_in(address, proxies):
        return identify_peer(address)
    for named in reversed(",".join(request.headers.getall("X-Forwarded-For", [])).split(",")):
        if identify_peer(named.strip()) == "unknown":
            break  # empty or unreadable: the proxy that wrote it is the last known peer
        address = named.strip()
        if not _is_in(address, proxies):
            break
    return identify_peer(address)


def route_pattern(request: web.Request) -> str:
    """Return the route's pattern for the log, never the path itself, as a path may open a gift. Empty if none fits."""
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical


def _is_in(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    return any(known in network for network in networks)
