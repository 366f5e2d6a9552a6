"""GET /api/v1/outcomes: a gateway waits for what becomes of its own intents."""

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

MOST_INTENTS = 150
LONGEST_WAIT_S = 25
_PARCEL_FOLLOWS_S = 8
"""Within which a gateway that is online has delivered what was just registered."""
_KNOWN = re.compile(r"([0-9a-f]{32}):([a-z_]{1,16})")
_TRIED = re.compile(r"([0-9a-f]{32}):([01])")


class OutcomesApi:
    """`changes` is poked after every change of state, by whichever process it was made."""

    def __init__(
        self, database: Database, changes: Broadcast, refusals: Refusals, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._changes = changes
        self._refusals = refusals
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/v1/outcomes", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        gateway = await signer(request, b"", self._database, self._refusals, self._clock())
        if isinstance(gateway, web.Response):
            return gateway
        told = request.query.getall("known", [])
        known = _known(told)
        wait = request.query.get("wait", "0")
        if known is None or not re.fullmatch(r"[0-9]{1,3}", wait):
            return problem(400, "Bad Request", "expected known=<intent>:<state> and wait=<seconds>")
        if len(told) > MOST_INTENTS:
            return problem(400, "Bad Request", f"at most {MOST_INTENTS} intents at a time")
        uncoded, tried = request.query.getall("uncoded", []), request.query.getall("tried", [])
        asked = _Asked(gateway.id, known, frozenset(uncoded), _tried(tried))
        found = await self._wait(asked, min(int(wait), LONGEST_WAIT_S), shutdown_event(request))
        return web.json_response(text=_told(found, asked))

    async def _wait(self, asked: "_Asked", seconds: int, end: asyncio.Event) -> tuple[Outcome, ...]:
        if seconds == 0:
            return await self._differing(asked)
        looking = asyncio.create_task(self._look(asked))
        ending = asyncio.create_task(end.wait())
        try:
            await asyncio.wait({looking, ending}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return looking.result() if looking.done() else ()
        finally:
            for task in (looking, ending):
                task.cancel()
            await asyncio.gather(looking, ending, return_exceptions=True)

    async def _look(self, asked: "_Asked") -> tuple[Outcome, ...]:
        """The outcomes that differ, as soon as there are any."""
        for _ in range(_PARCEL_FOLLOWS_S if asked.uncoded else 0):  # no change tells of a parcel: they are too many
            if found := await self._differing(asked):
                return found
            await asyncio.sleep(1)
        async for _ in self._changes.changes():
            if found := await self._differing(asked):
                return found
        return ()

    async def _differing(self, asked: "_Asked") -> tuple[Outcome, ...]:
        async with self._database.read() as connection:
            found = await intents.find(connection, asked.gateway, asked.known.keys())
            ended = await attempts.ended_unpaid(connection, asked.gateway, asked.tried.keys() & found.keys())
        return tuple(
            Outcome(
                intent=intent.id,
                state=IntentState(intent.state),
                slip=intent.slip,
                code=(intent.code or "") if intent.id in asked.uncoded else "",
                ended=intent.id in ended and intent.state == IntentState.handed_off,
            )
            for intent in found.values()
            if intent.state != asked.known[intent.id]
            or (intent.code and intent.id in asked.uncoded)
            or asked.tried.get(intent.id, intent.id in ended) != (intent.id in ended)
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """`known`: the states that the gateway knows; `uncoded`: of which of them it knows no code, and wants it; `tried`:
    for which of them it knows whether every attempt has ended unpaid.
    """

    gateway: str
    known: dict[str, IntentState]
    uncoded: frozenset[str]
    tried: dict[str, bool]


def _told(found: tuple[Outcome, ...], asked: _Asked) -> str:
    """Without what was not asked for: an older gateway reads no field that it does not know."""
    plain = {}
    for number, outcome in enumerate(found):
        left_out = set() if outcome.code else {"code"}
        plain[number] = left_out if outcome.intent in asked.tried else left_out | {"ended"}
    return Outcomes(outcomes=found).model_dump_json(exclude={"outcomes": plain})


def _tried(told: list[str]) -> dict[str, bool]:
    """What is written in another way is left out: it is a wish, no fact."""
    return {found[1]: found[2] == "1" for entry in told if (found := _TRIED.fullmatch(entry))}


def _known(told: list[str]) -> dict[str, IntentState] | None:
    known: dict[str, IntentState] = {}
    for entry in told:
        found = _KNOWN.fullmatch(entry)
        if found is None or found[2] not in list(IntentState):
            return None
        known[found[1]] = IntentState(found[2])
    return known
