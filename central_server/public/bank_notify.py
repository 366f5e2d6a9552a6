"""Serve POST /bank/<name>/notify, by which the bank reports a paid order. Answer 200 only after the commit."""

from collections.abc import Callable
from datetime import datetime

import structlog
from aiohttp import web

from central_server.banks.port import Bank, NotificationRefused
from central_server.donations.settlement import PaymentRefused, Settlement
from central_server.rejected_requests import Refusals
from daemonkit.web import problem, read_body

_log = structlog.get_logger()
_MAX_BYTES = 8 * 1024
_DEADLINE_S = 10.0


class BankNotifications:
    def __init__(self, bank: Bank, settlement: Settlement, refusals: Refusals, clock: Callable[[], datetime]) -> None:
        self._bank = bank
        self._settlement = settlement
        self._refusals = refusals
        self._clock = clock

    @property
    def path(self) -> str:
        return f"/bank/{self._bank.name}/notify"

    def routes(self) -> list[web.RouteDef]:
        return [web.post(self.path, self._post)]

    async def _post(self, request: web.Request) -> web.Response:
        body = await read_body(request, limit=_MAX_BYTES, deadline=_DEADLINE_S)
        try:
            notification = self._bank.verify(request.headers, body)
            posted = await self._settlement.record_notification(notification, self._clock())
        except (NotificationRefused, PaymentRefused) as error:
            self._refusals.count("notification", error.problem, str(error))
            return problem(400, "Bad Request", error.problem)
        _log.info("notification.accepted", bank=self._bank.name, order=notification.order, posted=posted)
        return web.json_response({"received": notification.id})
