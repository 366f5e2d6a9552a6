"""Answers before the router: aiohttp's router and middlewares cost as much as a whole answer that stands in memory.

A shortcut only ever says yes. It takes a plain GET, kept alive, that passes the same gate with the same buckets, and
answers 200. Everything else (HEAD, HTTP/1.0, a query, a host that is not ours, too many requests, a fault) goes the
ordinary way, which knows how to answer or to refuse it; nothing is refused here, so nothing is refused otherwise.
"""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import hdrs, web

from daemonkit.web.connections import Stage, set_stage
from daemonkit.web.host_and_rate_gate import Gate
from daemonkit.web.ready import Ready, takes_ready

_log = structlog.get_logger()
Shortcut = Callable[[web.Request], Ready]
"""Is not awaited: what it tells stands in memory. It must do what the application's middlewares do for its path."""
_Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Shortcuts:
    """By path, exactly as it was asked for; each is a route of the application, too, and answers the same there."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._shortcuts: dict[str, Shortcut] = {}

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(self._shortcuts)

    def add(self, path: str, shortcut: Shortcut) -> None:
        self._shortcuts[path] = shortcut

    def before(self, ordinary: _Handle) -> _Handle:
        """A handler that looks for a shortcut first."""

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            shortcut = self._shortcuts.get(request.raw_path)
            if shortcut is None or not isinstance(request, web.Request) or not self._passes(request):
                return await ordinary(request)
            set_stage(request, Stage.waiting)
            try:
                return shortcut(request)
            except Exception:  # noqa: BLE001  (logged here; the ordinary way meets it, too, and tells the person)
                _log.exception("shortcut.failed", path=request.raw_path)
                return await ordinary(request)

        return handle

    def _passes(self, request: web.Request) -> bool:
        if not takes_ready(request) or hdrs.EXPECT in request.headers:
            return False
        return self._gate.knows_host(request) and not self._gate.wait_s(request)


SHORTCUTS = web.AppKey("shortcuts", Shortcuts)
