"""A small central server in memory, with each fault that a gateway may meet."""

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync_contract.catalogue import SignedCatalogue
from sync_contract.gateway_report import ReportTaken
from sync_contract.records import (
    IntentState,
    Outcome,
    Outcomes,
    Parcel,
    ParcelReceipt,
    ParcelReceipts,
    Receipt,
)
from sync_contract.request_signature import SignatureRefused, read
from sync_contract.strict_model import Record
from sync_contract.wire_record import InvalidRecord, decode, encode

FAULTS = ("down", "portal", "redirect", "truncated", "garbage", "huge", "unknown key", "after the effect", "stranger")


@dataclass
class FakeCentral:
    """`fault`: one of FAULTS, or empty. `parcels`: the accepted ones by id. Every request is counted."""

    key: Ed25519PublicKey
    fault: str = ""
    refuse: set[str] = field(default_factory=set)
    signed: SignedCatalogue | None = None
    states: dict[str, Outcome] = field(default_factory=dict)
    parcels: dict[str, Parcel] = field(default_factory=dict)
    requests: int = 0
    noticed: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        body = await request.read()
        try:
            found = read(
                request.method, request.rel_url.raw_path, request.rel_url.raw_query_string, request.headers, body
            )
            found.verify(self.key)
        except SignatureRefused:
            return web.Response(status=401)
        match self.fault:
            case "down":
                return web.Response(status=503, headers={"Retry-After": "0"})
            case "portal":
                return web.Response(text="<html>Please log in</html>", content_type="text/html")
            case "redirect":
                return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})
            case "garbage":
                return web.json_response({"hello": "world"})
            case "huge":
                return web.Response(body=b" " * (2 * 1024 * 1024), content_type="application/json")
            case "unknown key":
                return web.Response(status=401)
            case "stranger":
                receipt = ParcelReceipt(id="f" * 32, receipt=Receipt.accepted)
                return web.Response(body=encode(ParcelReceipts(receipts=(receipt,))), content_type="application/json")
        if request.path == "/api/v1/catalogue":
            return self._catalogue(request)
        if request.path == "/api/v1/outcomes":
            return self._outcomes(request)
        if request.path == "/api/v1/reports":
            self.noticed += request.query.getall("noticed", ())
            return _json(ReportTaken(key_age_s=5))
        return await self._receive(request, body)

    async def _receive(self, request: web.Request, body: bytes) -> web.StreamResponse:
        receipts = []
        for raw in json.loads(gzip.decompress(body))["parcels"]:
            try:
                parcel = decode(Parcel, json.dumps(raw))
            except InvalidRecord:
                receipts.append(ParcelReceipt(id=raw["id"], receipt=Receipt.refused, reason="invalid"))
                continue
            if parcel.id in self.refuse:
                receipts.append(ParcelReceipt(id=parcel.id, receipt=Receipt.refused, reason="unknown_project"))
                continue
            stored = self.parcels.setdefault(parcel.id, parcel)
            receipts.append(
                ParcelReceipt(id=parcel.id, receipt=Receipt.accepted if stored is parcel else Receipt.duplicate)
            )
        answer = encode(ParcelReceipts(receipts=tuple(receipts)))
        if self.fault == "after the effect":
            return web.Response(status=500)
        if self.fault == "truncated":
            response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "99999"})
            await response.prepare(request)
            await response.write(answer[:10])
            assert request.transport is not None
            request.transport.abort()
            return response
        return web.Response(body=answer, content_type="application/json")

    def _catalogue(self, request: web.Request) -> web.Response:
        if self.signed is None:
            return web.Response(status=404)
        etag = f'"{self.signed.signature[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        response = _json(self.signed)
        response.headers["ETag"] = etag
        return response

    def _outcomes(self, request: web.Request) -> web.Response:
        known = dict(word.split(":") for word in request.query.getall("known"))
        changed = [self.states[i] for i, state in known.items() if i in self.states and self.states[i].state != state]
        return _json(Outcomes(outcomes=tuple(changed)))


def paid(intent: str) -> Outcome:
    return Outcome(intent=intent, state=IntentState.paid, slip="7F3A-K8YZ")


def _json(record: Record) -> web.Response:
    return web.Response(body=record.model_dump_json().encode(), content_type="application/json")


@asynccontextmanager
async def serve_fake(central: FakeCentral) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", central.answer)
    runner = web.AppRunner(app, auto_decompress=False, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
