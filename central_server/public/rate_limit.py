"""Limit how often phones may ask: each peer, and all together. Behind a carrier's NAT a whole hall is one peer."""

import time

from aiohttp import web

from daemonkit.web import identify_client
from daemonkit.web.problem import refusal
from daemonkit.web.rate_limit import Buckets

_ALL = "all"


class RateLimit:
    """`rate` a second and `burst` at once for each peer; `together` times as many for all peers."""

    def __init__(self, rate: float, burst: int, *, together: int) -> None:
        self._each = Buckets(rate, burst)
        self._together = Buckets(rate * together, burst * together)

    def check(self, request: web.Request) -> None:
        """Raises 429 with Retry-After."""
        now = time.monotonic()
        wait = self._each.take(identify_client(request), now) or self._together.take(_ALL, now)
        if wait:
            busy = refusal(web.HTTPTooManyRequests)
            busy.headers["Retry-After"] = str(int(wait) + 1)
            raise busy
