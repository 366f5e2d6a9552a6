"""GET /api/v1/heads and POST /api/v1/cosignatures: gateways keep what was published, and say whether it is in order."""

import re
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from central_server.enrolment.request_verification import signed_json, signer
from central_server.ledger.publication import to_signed_head
from central_server.ledger.remitted_figures import load_remitted
from central_server.reconciliation.compared_days import load_compared
from central_server.rejected_requests import Refusals
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment.gateways import Gateway, Key
from central_server.store.ledger import cosignatures, ledger_heads
from central_server.store.ledger.cosignatures import StoredCosignature, StoredRefusal
from daemonkit.web import problem
from sync_contract.keys import read_public
from sync_contract.ledger_heads import MOST_HEADS, ChainStatus, Cosigned, CosignedTaken, Heads, cosigned_by
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
            heads = await self._heads_since(connection, gateway.community, known)
        return web.json_response(text=heads.model_dump_json())

    async def _heads_since(self, connection: Connection, community: str, known: dict[str, int]) -> Heads:
        newest = await ledger_heads.of_community(connection, community, self._environment)
        witnesses = await cosignatures.of_heads(connection, [head.seq for head in newest])
        found: list[ledger_heads.StoredHead] = []
        for head in newest:
            if head.step > known.get(head.project, 0) and len(found) < MOST_HEADS:
                room = MOST_HEADS - len(found)
                found += await ledger_heads.of_purse(connection, head.purse, known.get(head.project, 0), room)
        remitted = await load_remitted(connection, newest)
        compared = await load_compared(connection, community, self._environment, self._clock())
        return Heads(
            community=community,
            heads=tuple(to_signed_head(head) for head in found),
            statuses=tuple(
                ChainStatus(
                    project=head.project,
                    step=head.step,
                    cosigned=len(witnesses.get(head.seq, [])),
                    remitted=remitted.get(head.project),
                )
                for head in newest[:_MOST_KNOWN]
            ),
            compared_until=compared.until,
            open_differences=compared.open_differences,
        )

    async def _cosigned(self, request: web.Request) -> web.Response:
        now = self._clock()
        found = await signed_json(request, Cosigned, self._database, self._refusals, now)
        if isinstance(found, web.Response):
            return found
        gateway, key, cosigned = found
        if cosigned.community != gateway.community:
            return problem(409, "Conflict", "the gateway belongs to another community", code="other_community")
        async with self._database.write() as connection:
            taken = await self._store(connection, gateway, key, cosigned, now)
        if taken.cosignatures < len(cosigned.cosignatures):
            self._refusals.count("cosignature", "does_not_fit", gateway.id)
        return web.json_response(text=taken.model_dump_json())

    async def _store(
        self, connection: Connection, gateway: Gateway, key: Key, cosigned: Cosigned, now: datetime
    ) -> CosignedTaken:
        """Store cosignatures of our published heads that are signed with the gateway's current key, and refusals."""
        public, taken = read_public(key.public), 0
        for each in cosigned.cosignatures:
            head = await ledger_heads.get(connection, (gateway.community, self._environment, each.project), each.step)
            fits = head is not None and head.digest == each.digest and each.key == key.key
            if head is None or not fits or not cosigned_by(each.digest, each.signature, public):
                continue
            await cosignatures.add(connection, StoredCosignature(head.seq, gateway.id, key.key, each.signature, now))
            taken += 1
        for no in cosigned.refusals:
            about = (gateway.id, gateway.community, no.project, no.step, no.digest, no.contradiction.value)
            await cosignatures.add_refusal(connection, StoredRefusal(*about, refused_at=no.at, reported_at=now))
        return CosignedTaken(cosignatures=taken, refusals=len(cosigned.refusals))


def _known(entries: list[str]) -> dict[str, int] | None:
    """Return the steps known by project; None for a malformed query. Of two steps the lower one is certain."""
    known: dict[str, int] = {}
    for entry in entries:
        found = _KNOWN.fullmatch(entry)
        if found is None:
            return None
        known[found[1]] = min(int(found[2]), known.get(found[1], int(found[2])))
    return known if len(entries) <= _MOST_KNOWN else None
