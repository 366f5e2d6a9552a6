"""POST /api/v1/shake and GET /api/v1/shake/{pass}: for phones, mini-programs and apps; nobody logs in."""

import re
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from central_server.api.problems import refused
from central_server.public.rate_limit import Pace
from central_server.public.visitor_identity import visitor
from central_server.shake.shake_lookup import KeyReused, Shaking, pass_of
from central_server.shake.shake_records import FoundBeacon, PassAnswer, ShakeAsked
from central_server.store.engine.database import Database
from central_server.store.places import places
from daemonkit.web import read_json
from sync_contract.records import Door

_KEY = re.compile(r'"?([A-Za-z0-9_-]{16,64})"?')


class ShakeApi:
    """`rate`, `burst`: requests for each peer, and ten times as many for all together."""

    def __init__(
        self,
        database: Database,
        shaking: Shaking,
        clock: Callable[[], datetime],
        *,
        rate: float = 50.0,
        burst: int = 200,
    ) -> None:
        self._database = database
        self._shaking = shaking
        self._clock = clock
        self._pace = Pace(rate, burst, together=10)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/v1/shake", self._shake),
            web.get("/api/v1/shake/{presence_pass:[A-Za-z0-9_-]{43}}", self._told),
        ]

    async def _shake(self, request: web.Request) -> web.Response:
        self._pace.keep(request)
        key = _key(request)
        asked = await read_json(request, ShakeAsked)
        try:
            answer = await self._shaking.shake(asked, key, visitor(request, asked.visitor), self._clock())
        except KeyReused as error:
            raise refused("idempotency-key-reused") from error
        return web.json_response(text=answer.model_dump_json(by_alias=True))

    async def _told(self, request: web.Request) -> web.Response:
        self._pace.keep(request)
        async with self._database.read() as connection:
            known = await pass_of(connection, request.match_info["presence_pass"], self._clock())
            place = None if known is None else await places.get(connection, known.community)
        project = None if known is None else await self._shaking.bindings.project(known.community, known.project)
        if known is None or place is None or project is None:
            raise refused("pass-unknown")
        beacon = FoundBeacon(
            uuid=known.beacon.uuid,
            major=known.beacon.major,
            minor=known.beacon.minor,
            distance_m=None if known.distance_cm is None else known.distance_cm / 100,
        )
        answer = PassAnswer(
            project=project.id,
            title=project.title,
            beacon=beacon,
            place=place.id,
            place_names=place.names,
            door=Door(known.door),
            given_at=known.given_at,
            ends_at=known.ends_at,
        )
        return web.json_response(text=answer.model_dump_json(by_alias=True))


def _key(request: web.Request) -> str | None:
    """With or without the quotes that the header's draft asks for."""
    told = request.headers.getall("Idempotency-Key", [])
    if not told:
        return None
    found = _KEY.fullmatch(told[0])
    if len(told) != 1 or found is None:
        raise refused("idempotency-key-malformed")
    return found[1]
