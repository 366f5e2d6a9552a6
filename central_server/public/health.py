"""GET /healthz: how the stages are, and what was turned away. 503 when a stage stands still."""

from aiohttp import web

from central_server.rejected_requests import Refusals
from daemonkit.health import Health

_STALL_S = 30.0


class HealthPage:
    def __init__(self, health: Health, refusals: Refusals) -> None:
        self._health = health
        self._refusals = refusals

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/healthz", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        stalled = self._health.stalled(_STALL_S)
        told = {
            "ok": not stalled,
            "stalled": stalled,
            "stages": self._health.snapshot(),
            "refused": self._refusals.snapshot(),
        }
        return web.json_response(told, status=503 if stalled else 200)
