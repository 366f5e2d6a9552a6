"""Serves GET /api/v1/outcomes: a gateway waits for changes of its own intents."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from central_server.enrolment.request_verification import signer
from central_server.rejected_requests import Refusals
from central_server.store.donations import attempts, intents
from central_server.store.engine.database import Database
from daemonkit.broadcast import Broadcast
from daemonkit.web import problem, shutdown_event
from sync_contract.records import IntentState, Outcome, Outcomes
from sync_contract.strict_model import Environment

MOST_INTENTS = 150
LONGEST_WAIT_S = 25
_PARCEL_FOLLOWS_S = 8
"""Within this time a gateway that is online has delivered a parcel just registered."""
_KNOWN = re.compile(r"([0-9a-f]{32}):([a-z_]{1,16})")
_TRIED = re.compile(r"([0-9a-f]{32}):([01])")


class OutcomesApi:
    """`changes` is notified after every change of state in any process."""

    def __init__(
        self,
        database: Database,
        environment: Environment,
        changes: Broadcast,
        refusals: Refusals,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._environment = environment.value
        self._changes = changes
        self._refusals = refusals
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/v1/outcomes", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        gateway = await signer(request, b"", self._database, self._refusals, self._clock())
        if isinstance(gateway, web.Response):
            return gateway
        entries = request.query.getall("known", [])
        known = _known(entries)
        wait = request.query.get("wait", "0")
        if known is None or not re.fullmatch(r"[0-9]{1,3}", wait):
            return problem(400, "Bad Request", "expected known=<intent>:<state> and wait=<seconds>")
        if len(entries) > MOST_INTENTS:
            return problem(400, "Bad Request", f"at most {MOST_INTENTS} intents at a time")
        uncoded, tried = request.query.getall("uncoded", []), request.query.getall("tried", [])
        query = _Query(gateway.id, known, frozenset(uncoded), _tried(tried))
        found = await self._wait(query, min(int(wait), LONGEST_WAIT_S), shutdown_event(request))
        return web.json_response(text=Outcomes(outcomes=found).model_dump_json())

    async def _wait(self, query: "_Query", seconds: int, end: asyncio.Event) -> tuple[Outcome, ...]:
        if seconds == 0:
            return await self._differing(query)
        searching = asyncio.create_task(self._find_differing(query))
        ending = asyncio.create_task(end.wait())
        try:
            await asyncio.wait({searching, ending}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return searching.result() if searching.done() else ()
        finally:
            for task in (searching, ending):
                task.cancel()
            await asyncio.gather(searching, ending, return_exceptions=True)

    async def _find_differing(self, query: "_Query") -> tuple[Outcome, ...]:
        """Return the outcomes that differ, as soon as there are any."""
        for _ in range(_PARCEL_FOLLOWS_S if query.uncoded else 0):  # parcels are too many to notify of each
            if found := await self._differing(query):
                return found
            await asyncio.sleep(1)
        async for _ in self._changes.changes():
            if found := await self._differing(query):
                return found
        return ()

    async def _differing(self, query: "_Query") -> tuple[Outcome, ...]:
        async with self._database.read() as connection:
            found = await intents.find(connection, query.gateway, query.known.keys())
            ended = await attempts.ended_unpaid(connection, query.gateway, query.tried.keys() & found.keys())
        return tuple(
            Outcome(
                intent=intent.id,
                state=IntentState(intent.state),
                slip=intent.slip,
                code=(intent.code or "") if intent.id in query.uncoded else "",
                ended=intent.id in ended and intent.state == IntentState.handed_off,
            )
            for intent in found.values()
            if intent.environment == self._environment
            and (
                intent.state != query.known[intent.id]
                or (intent.code and intent.id in query.uncoded)
                or query.tried.get(intent.id, intent.id in ended) != (intent.id in ended)
            )
        )


@dataclass(frozen=True, slots=True)
class _Query:
    """`known`: the states that the gateway knows; `uncoded`: the intents whose code it does not know; `tried`: whether
    every attempt of an intent has ended unpaid, as far as it knows.
    """

    gateway: str
    known: dict[str, IntentState]
    uncoded: frozenset[str]
    tried: dict[str, bool]


def _tried(entries: list[str]) -> dict[str, bool]:
    """Return what the gateway knows by intent; malformed entries are ignored."""
    return {found[1]: found[2] == "1" for entry in entries if (found := _TRIED.fullmatch(entry))}


def _known(entries: list[str]) -> dict[str, IntentState] | None:
    known: dict[str, IntentState] = {}
    for entry in entries:
        found = _KNOWN.fullmatch(entry)
        if found is None or found[2] not in list(IntentState):
            return None
        known[found[1]] = IntentState(found[2])
    return known
