"""Advance the clock and set the faults of a running drill, from this machine only."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from central_server.bank_emulator.unionpay.clock import Clock
from central_server.bank_emulator.unionpay.faults import FaultSwitches, UnknownFault, format_faults, read_fault
from central_server.bank_emulator.unionpay.schedule import Scheduler
from daemonkit.web import problem, read_json
from sync_contract.strict_model import Record

_TEN_YEARS_S = 10 * 366 * 24 * 3600.0


class _ClockRequest(Record):
    advance_s: Annotated[float, Field(ge=0, le=_TEN_YEARS_S)]


class _FaultRequest(Record):
    faults: Annotated[tuple[Annotated[str, StringConstraints(max_length=60)], ...], Field(max_length=50)]
    scope: Literal["next", "all"] = "next"


class Control:
    """`save_clock` is called after the clock was advanced."""

    def __init__(
        self, faults_: FaultSwitches, clock: Clock, scheduler: Scheduler, save_clock: Callable[[], None]
    ) -> None:
        self._faults = faults_
        self._clock = clock
        self._scheduler = scheduler
        self._save_clock = save_clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/control/clock", self._show_clock),
            web.post("/control/clock", self._advance),
            web.get("/control/faults", self._show_faults),
            web.post("/control/faults", self._set_faults),
        ]

    async def _show_clock(self, request: web.Request) -> web.Response:
        _require_loopback(request)
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        return _json({"now": now.isoformat().replace("+00:00", "Z"), "ahead_s": self._clock.ahead})

    async def _advance(self, request: web.Request) -> web.Response:
        _require_loopback(request)
        seconds = (await read_json(request, _ClockRequest)).advance_s
        if self._clock.ahead + seconds > _TEN_YEARS_S:
            return problem(400, "Bad Request", "the clock can be at most ten years ahead")
        self._clock.advance(seconds)
        self._save_clock()
        await self._scheduler.wait_idle()
        return await self._show_clock(request)

    async def _show_faults(self, request: web.Request) -> web.Response:
        _require_loopback(request)
        return _json({"all": format_faults(self._faults.everywhere), "next": format_faults(self._faults.upcoming)})

    async def _set_faults(self, request: web.Request) -> web.Response:
        _require_loopback(request)
        faults_request = await read_json(request, _FaultRequest)
        try:
            faults = dict(map(read_fault, faults_request.faults))
        except UnknownFault as error:
            return problem(400, "Bad Request", str(error))
        if faults_request.scope == "all":
            self._faults.everywhere = faults
        else:
            self._faults.upcoming = faults
        return await self._show_faults(request)


def _json(record: object) -> web.Response:
    return web.Response(text=json.dumps(record), content_type="application/json")


def _require_loopback(request: web.Request) -> None:
    if not ip_address(request.remote or "0.0.0.0").is_loopback:  # noqa: S104  (compared)
        raise web.HTTPForbidden
