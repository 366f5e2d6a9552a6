"""Turning the clock and the switches of a running drill, from this machine only."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from central_server.bank_emulator.unionpay.clock import Clock
from central_server.bank_emulator.unionpay.faults import Switches, UnknownFault, read_fault, written
from central_server.bank_emulator.unionpay.schedule import Diary
from daemonkit.web import problem, read_json
from sync_contract.strict_model import Record

_TEN_YEARS_S = 10 * 366 * 24 * 3600.0


class _Turn(Record):
    advance_s: Annotated[float, Field(ge=0, le=_TEN_YEARS_S)]


class _Wish(Record):
    faults: Annotated[tuple[Annotated[str, StringConstraints(max_length=60)], ...], Field(max_length=50)]
    scope: Literal["next", "all"] = "next"


class Control:
    """`turned` is called after the clock was turned, for it to be remembered."""

    def __init__(self, switches: Switches, clock: Clock, diary: Diary, turned: Callable[[], None]) -> None:
        self._switches = switches
        self._clock = clock
        self._diary = diary
        self._turned = turned

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/control/clock", self._tell_time),
            web.post("/control/clock", self._turn),
            web.get("/control/faults", self._tell_faults),
            web.post("/control/faults", self._switch),
        ]

    async def _tell_time(self, request: web.Request) -> web.Response:
        _from_here(request)
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        return _json({"now": now.isoformat().replace("+00:00", "Z"), "ahead_s": self._clock.ahead})

    async def _turn(self, request: web.Request) -> web.Response:
        _from_here(request)
        asked = (await read_json(request, _Turn)).advance_s
        if self._clock.ahead + asked > _TEN_YEARS_S:
            return problem(400, "Bad Request", "ten years ahead is the most")
        self._clock.advance(asked)
        self._turned()
        await self._diary.caught_up()
        return await self._tell_time(request)

    async def _tell_faults(self, request: web.Request) -> web.Response:
        _from_here(request)
        return _json({"all": written(self._switches.everywhere), "next": written(self._switches.upcoming)})

    async def _switch(self, request: web.Request) -> web.Response:
        _from_here(request)
        wish = await read_json(request, _Wish)
        try:
            faults = dict(map(read_fault, wish.faults))
        except UnknownFault as error:
            return problem(400, "Bad Request", str(error))
        if wish.scope == "all":
            self._switches.everywhere = faults
        else:
            self._switches.upcoming = faults
        return await self._tell_faults(request)


def _json(told: object) -> web.Response:
    return web.Response(text=json.dumps(told), content_type="application/json")


def _from_here(request: web.Request) -> None:
    if not ip_address(request.remote or "0.0.0.0").is_loopback:  # noqa: S104  (compared)
        raise web.HTTPForbidden
