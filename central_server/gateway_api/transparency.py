"""GET /api/v1/heads and POST /api/v1/cosignatures: gateways keep what was published, and say whether it is in order."""

import re
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from central_server.enrolment.request_verification import signed_json, signer
from central_server.ledger.publication import to_signed_head
from central_server.rejected_requests import Refusals
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment.gateways import Gateway, Key
from central_server.store.ledger import cosignatures, ledger_heads
from central_server.store.ledger.cosignatures import StoredCosignature, StoredRefusal
from central_server.store.reconciliation import statements
from daemonkit.web import problem
from sync_contract.keys import read_public
from sync_contract.ledger_heads import MOST_HEADS, Cosigned, CosignedTaken, Heads, Standing, cosigned_by
from sync_contract.strict_model import Environment

_KNOWN = re.compile(r"([a-z0-9-]{1,16}):([0-9]{1,9})")
_MOST_KNOWN = 200


class TransparencyApi:
    def __init__(
        self, database: Database, environment: Environment, refusals: Refusals, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._environment = environment.value
        self._refusals = refusals
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/heads", self._heads),
            web.post("/api/v1/cosignatures", self._cosigned),
        ]

    async def _heads(self, request: web.Request) -> web.Response:
        gateway = await signer(request, b"", self._database, self._refusals, self._clock())
        if isinstance(gateway, web.Response):
            return gateway
        known = _known(request.query.getall("known", []))
        if known is None:
            return problem(400, "Bad Request", "expected known=<project>:<step>")
        async with self._database.read() as connection:
            told = await self._since(connection, gateway.community, known)
        return web.json_response(text=told.model_dump_json())

    async def _since(self, connection: Connection, community: str, known: dict[str, int]) -> Heads:
        newest = await ledger_heads.of_community(connection, community, self._environment)
        witnesses = await cosignatures.of_heads(connection, [head.seq for head in newest])
        found: list[ledger_heads.StoredHead] = []
        for head in newest:
            if head.step > known.get(head.project, 0) and len(found) < MOST_HEADS:
                room = MOST_HEADS - len(found)
                found += await ledger_heads.of_purse(connection, head.purse, known.get(head.project, 0), room)
        return Heads(
            community=community,
            heads=tuple(to_signed_head(head) for head in found),
            standing=tuple(
                Standing(project=head.project, step=head.step, cosigned=len(witnesses.get(head.seq, [])))
                for head in newest[:_MOST_KNOWN]
            ),
            reconciled_at=await statements.last_fetched_at(connection, community, self._environment),
        )

    async def _cosigned(self, request: web.Request) -> web.Response:
        now = self._clock()
        told = await signed_json(request, Cosigned, self._database, self._refusals, now)
        if isinstance(told, web.Response):
            return told
        gateway, key, said = told
        if said.community != gateway.community:
            return problem(409, "Conflict", "the gateway belongs to another community", code="other_community")
        async with self._database.write() as connection:
            taken = await self._keep(connection, gateway, key, said, now)
        if taken.cosignatures < len(said.cosignatures):
            self._refusals.count("cosignature", "does_not_fit", gateway.id)
        return web.json_response(text=taken.model_dump_json())

    async def _keep(
        self, connection: Connection, gateway: Gateway, key: Key, said: Cosigned, now: datetime
    ) -> CosignedTaken:
        """Of heads that we published, signed with the key that the gateway uses now."""
        public, taken = read_public(key.public), 0
        for each in said.cosignatures:
            head = await ledger_heads.get(connection, (gateway.community, self._environment, each.project), each.step)
            fits = head is not None and head.digest == each.digest and each.key == key.key
            if head is None or not fits or not cosigned_by(each.digest, each.signature, public):
                continue
            await cosignatures.add(connection, StoredCosignature(head.seq, gateway.id, key.key, each.signature, now))
            taken += 1
        for no in said.refusals:
            about = (gateway.id, gateway.community, no.project, no.step, no.digest, no.contradiction.value)
            await cosignatures.add_refusal(connection, StoredRefusal(*about, refused_at=no.at, reported_at=now))
        return CosignedTaken(cosignatures=taken, refusals=len(said.refusals))


def _known(told: list[str]) -> dict[str, int] | None:
    known: dict[str, int] = {}
    for entry in told:
        found = _KNOWN.fullmatch(entry)
        if found is None:
            return None
        known[found[1]] = min(int(found[2]), known.get(found[1], int(found[2])))  # told twice: the lesser one is sure
    return known if len(told) <= _MOST_KNOWN else None
