"""Serve GET /healthz: the stages and the counts of refused requests; 503 if an essential stage makes no progress."""

from aiohttp import web

from central_server.rejected_requests import Refusals
from daemonkit.health import Health

STALL_S = 30.0
"""Longest time between two rounds of a stage."""


class HealthPage:
    def __init__(self, health: Health, refusals: Refusals) -> None:
        self._health = health
        self._refusals = refusals

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/healthz", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        stalled = self._health.stalled(STALL_S)
        body = {
            "ok": not stalled,
            "stalled": stalled,
            "degraded": self._health.degraded(STALL_S),
            "stages": self._health.snapshot(),
            "refused": self._refusals.snapshot(),
        }
        return web.json_response(body, status=503 if stalled else 200)
