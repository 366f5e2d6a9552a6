"""POST /api/v1/parcels."""

import json
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from central_server.enrolment.request_verification import signer
from central_server.intake.at_once import read_at_once
from central_server.intake.batch import BatchRefused, read_again, read_batch
from central_server.intake.receive import receive, refuse_whole
from central_server.intake.whole import keep_whole, receipts
from central_server.rejected_requests import Refusals
from central_server.store.engine.database import Database
from daemonkit.web import gunzip, problem, read_raw_body
from sync_contract.records import CONTRACT, MAX_BATCH_OCTETS
from sync_contract.strict_model import Environment

_DEADLINE_S = 15.0
_COMPACT = json.JSONEncoder(separators=(",", ":")).encode


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
            return problem(415, "Unsupported Media Type", "gzip is the only coding here")
        wire = await read_raw_body(request, limit=MAX_BATCH_OCTETS, deadline=_DEADLINE_S)
        gateway = await signer(request, wire, self._database, self._refusals, self._clock())
        if isinstance(gateway, web.Response):
            return gateway
        now = self._clock()
        try:
            octets = _unpacked(wire) if coding == "gzip" else wire
            whole = read_at_once(octets) if coding == "gzip" else None
            if whole and await keep_whole(self._database, gateway, whole, wire, self._environment, now):
                return web.Response(text=receipts(whole), content_type="application/json")
            items = read_again(octets) if whole else read_batch(octets)
        except BatchRefused as error:
            self._refusals.count("request", "batch", f"gateway {gateway.id}: {error}")
            await refuse_whole(self._database, gateway, str(error), now)
            return problem(error.status, "The batch cannot be read", str(error))
        told = await receive(self._database, gateway, items, self._environment, now)
        return web.json_response({"contract": CONTRACT, "receipts": told}, dumps=_COMPACT)


def _unpacked(wire: bytes) -> bytes:
    """Raises BatchRefused."""
    try:
        return gunzip(wire, MAX_BATCH_OCTETS)
    except web.HTTPException as error:
        raise BatchRefused(error.status, json.loads(error.text or "{}").get("detail", error.reason)) from error
