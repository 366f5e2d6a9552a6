"""Serve POST /api/v1/shake and GET /api/v1/shake/{pass} to phones, mini-programs and apps, without a login."""

import re
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from central_server.api.problems import refusal_of
from central_server.public.rate_limit import RateLimit
from central_server.public.visitor_identity import visitor
from central_server.shake.shake_lookup import KeyReused, ShakeLookup, find_pass
from central_server.shake.shake_records import Evidence, FoundBeacon, PassResponse, ShakeRequest
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
        lookup: ShakeLookup,
        clock: Callable[[], datetime],
        *,
        rate: float = 50.0,
        burst: int = 200,
    ) -> None:
        self._database = database
        self._lookup = lookup
        self._clock = clock
        self._limit = RateLimit(rate, burst, together=10)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/v1/shake", self._shake),
            web.get("/api/v1/shake/{presence_pass:[A-Za-z0-9_-]{43}}", self._pass),
        ]

    async def _shake(self, request: web.Request) -> web.Response:
        self._limit.check(request)
        key = _key(request)
        asked = await read_json(request, ShakeRequest)
        try:
            response = await self._lookup.answer(asked, key, visitor(request, asked.visitor), self._clock())
        except KeyReused as error:
            raise refusal_of("idempotency-key-reused") from error
        return web.json_response(text=response.model_dump_json(by_alias=True))

    async def _pass(self, request: web.Request) -> web.Response:
        self._limit.check(request)
        async with self._database.read() as connection:
            known = await find_pass(connection, request.match_info["presence_pass"], self._clock())
            place = None if known is None else await places.get(connection, known.community)
        project = None if known is None else await self._lookup.bindings.project(known.community, known.project)
        if known is None or place is None or project is None:
            raise refusal_of("pass-unknown")
        response = PassResponse(
            project=project.id,
            title=project.title,
            beacon=FoundBeacon(
                uuid=known.beacon.uuid,
                major=known.beacon.major,
                minor=known.beacon.minor,
                distance_m=None if known.distance_cm is None else known.distance_cm / 100,
            ),
            place=place.id,
            place_names=place.names,
            door=Door(known.door),
            given_at=known.given_at,
            ends_at=known.ends_at,
            evidence=Evidence.claimed,
        )
        return web.json_response(text=response.model_dump_json(by_alias=True))


def _key(request: web.Request) -> str | None:
    """Accept the key with or without the quotes that the header's draft requires."""
    values = request.headers.getall("Idempotency-Key", [])
    if not values:
        return None
    found = _KEY.fullmatch(values[0])
    if len(values) != 1 or found is None:
        raise refusal_of("idempotency-key-malformed")
    return found[1]
