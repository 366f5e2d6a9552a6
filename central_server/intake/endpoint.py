"""Serves POST /api/v1/parcels: a gateway delivers a batch of parcels and gets a receipt for each."""

import json
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from central_server.enrolment.request_verification import signer
from central_server.intake.batch import BatchRefused, read_batch
from central_server.intake.receive import receive, record_unreadable
from central_server.rejected_requests import Refusals
from central_server.store.engine.database import Database
from daemonkit.web import gunzip, problem, read_raw_body
from sync_contract.records import MAX_BATCH_BYTES
from sync_contract.strict_model import Environment
from sync_contract.wire_record import encode

_DEADLINE_S = 15.0


class ParcelIntake:
    def __init__(
        self, database: Database, environment: Environment, refusals: Refusals, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._environment = environment
        self._refusals = refusals
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/api/v1/parcels", self._post)]

    async def _post(self, request: web.Request) -> web.Response:
        if request.headers.get("Content-Type") != "application/json":
            return problem(415, "Unsupported Media Type", "application/json is expected")
        coding = request.headers.get("Content-Encoding", "identity")
        if coding not in ("identity", "gzip"):
            return problem(415, "Unsupported Media Type", "the only coding is gzip")
        wire = await read_raw_body(request, limit=MAX_BATCH_BYTES, deadline=_DEADLINE_S)
        gateway = await signer(request, wire, self._database, self._refusals, self._clock())
        if isinstance(gateway, web.Response):
            return gateway
        now = self._clock()
        try:
            items = read_batch(_unpack(wire) if coding == "gzip" else wire)
        except BatchRefused as error:
            self._refusals.count("request", "batch", f"gateway {gateway.id}: {error}")
            await record_unreadable(self._database, gateway, str(error), now)
            return problem(error.status, "The batch cannot be read", str(error))
        receipts = await receive(self._database, gateway, items, self._environment, now)
        return web.Response(body=encode(receipts), content_type="application/json")


def _unpack(wire: bytes) -> bytes:
    """Return the body that gzip compressed. Raises BatchRefused."""
    try:
        return gunzip(wire, MAX_BATCH_BYTES)
    except web.HTTPException as error:
        raise BatchRefused(error.status, json.loads(error.text or "{}").get("detail", error.reason)) from error
