"""What every request must pass, whatever it asks for: to one of our host names, and not too often."""

import time
from functools import lru_cache

from aiohttp import hdrs, web

from daemonkit.web.rate_limit import Buckets
from daemonkit.web.web_rules import WebRules, client


class Gate:
    """One for an application, whichever way a request is answered: each peer has one bucket."""

    def __init__(self, rules: WebRules) -> None:
        self._rules = rules
        self._buckets = Buckets(rules.requests_per_second, rules.burst)

    def knows_host(self, request: web.Request) -> bool:
        """Exactly one Host header, and one of ours: a page of an attacker cannot reach us by DNS rebinding."""
        hosts = request.headers.getall(hdrs.HOST, [])
        if len(hosts) != 1 or not request.raw_path.startswith("/"):  # absolute form: for a proxy, which we are not
            return False
        return _is_one_of(hosts[0], self._rules.allowed_hosts)

    def wait_s(self, request: web.Request) -> float:
        """0, and one request less is left to its peer; or the seconds until there is one again."""
        if request.raw_path.startswith(self._rules.exempt):
            return 0.0
        return self._buckets.take(client(request, self._rules), time.monotonic())


@lru_cache(maxsize=64)
def _is_one_of(said: str, allowed: frozenset[str]) -> bool:
    host = said.lower()
    name, colon, port = host.rpartition(":")
    return host in allowed or (bool(colon) and port.isdecimal() and name in allowed)
