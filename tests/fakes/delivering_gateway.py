"""A gateway without radio and kiosk: it signs, delivers parcels, creates tickets and queries."""

import gzip
import json
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from yarl import URL

from sync_contract import wire_record as records
from sync_contract.acceptance_sheet import (
    AcceptanceSheet,
    SheetSite,
    SheetVersion,
    SheetZones,
    Untested,
    sign_sheet,
)
from sync_contract.keys import public_text
from sync_contract.money import Money
from sync_contract.records import (
    Batch,
    BeaconStatistics,
    Body,
    ClockReading,
    Door,
    HandoffKind,
    IntentRegistered,
    Parcel,
    ParcelReceipt,
    ParcelReceipts,
)
from sync_contract.request_signature import Signer
from sync_contract.strict_model import Environment
from sync_contract.ticket import Ticket, encode
from sync_contract.uuid7 import new_id


class DeliveringGateway:
    """Without a session it only creates parcels and tickets."""

    def __init__(self, session: aiohttp.ClientSession | None = None, url: str = "") -> None:
        self.id = secrets.token_hex(8)
        self.key = Ed25519PrivateKey.generate()
        self.public = public_text(self.key.public_key())
        self.epoch = secrets.token_hex(8)
        self.n = 0
        self.url = url
        self._given = session

    @property
    def authority(self) -> str:
        return URL(self.url).host_port_subcomponent or ""

    @property
    def _session(self) -> aiohttp.ClientSession:
        assert self._given is not None
        return self._given

    def intent(self, **changes: Any) -> Parcel:
        body: dict[str, Any] = {
            "environment": Environment.drill,
            "project": "lunch",
            "amount_minor": 5000,
            "currency": "CNY",
            "beacon": None,
            "door": Door.touch,
            "handoff": HandoffKind.ticket,
            "catalogue_version": 1,
        }
        return self._parcel(IntentRegistered(**(body | changes)))

    def statistics(self) -> Parcel:
        return self._parcel(
            BeaconStatistics(start=clock(), seconds=300, foreign_frames=0, places=(), classes=(), advertised=())
        )

    def sheet(self, **changes: Any) -> Parcel:
        """Return the parcel of a signed acceptance sheet; `changes`: of the sheet, and `key` to sign with."""
        key, zones = changes.pop("key", self.key), SheetZones(immediate_m=1.0, near_m=2.4, path_loss_exponent=2.2)
        facts: dict[str, Any] = {
            "id": new_id(),
            "gateway": self.id,
            "environment": Environment.drill,
            "site": SheetSite(zh_hans="华大社区", zh_hant="華大社區", en="Huada", hall="社区大厅"),
            "made_at": clock(),
            "adverts": (),
            "places": (),
            "person_tags": 2,
            "zones": zones,
            "walk": None,
            "configuration": "ab" * 32,
            "versions": (SheetVersion(name="beacon-gateway", version="0.1.0"),),
            "untested": (Untested.walk, Untested.phone),
            "findings": (),
        }
        signed = sign_sheet(AcceptanceSheet(**(facts | changes)), key)
        return self._parcel(signed, signed.sheet)

    def _parcel(self, body: Body, id_: str = "") -> Parcel:
        self.n += 1
        return Parcel(id=id_ or new_id(), epoch=self.epoch, n=self.n, clock=clock(), body=body)

    def ticket(self, intent: Parcel, *, age: timedelta = timedelta(), trusted: bool = True, **changes: Any) -> str:
        body = intent.body
        assert isinstance(body, IntentRegistered)
        fields: dict[str, Any] = {
            "environment": body.environment,
            "intent": intent.id,
            "project": body.project,
            "amount": Money(body.amount_minor, body.currency),
            "beacon": body.beacon,
            "issued_at": datetime.now(UTC) - age,
            "clock_trusted": trusted,
            "catalogue_version": body.catalogue_version,
        }
        return encode(Ticket(**(fields | changes)), self.key)

    def signed_post(self, path: str, body: bytes) -> dict[str, str]:
        """Return the headers with the signature."""
        path, _, query = path.partition("?")
        return Signer(self.id, self.key).headers("POST", self.authority, path, query, body, int(time.time()))

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        signed = self.signed_post(path, body)
        async with self._session.post(self.url + path, data=body, headers={**signed, **headers}) as answer:
            return answer.status, await answer.read()

    async def post_batch(self, batch: object, *, zipped: bool = True) -> tuple[int, bytes]:
        content = json.dumps(batch).encode()
        headers = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if zipped else {})
        return await self.post("/api/v1/parcels", gzip.compress(content) if zipped else content, headers)

    async def deliver(self, parcels: Sequence[Parcel]) -> tuple[ParcelReceipt, ...]:
        """Deliver as a gateway does; return the receipts."""
        content = as_batch(parcels)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        status, body = await self.post("/api/v1/parcels", gzip.compress(content), headers)
        assert status == 200, body
        return records.decode(ParcelReceipts, body).receipts

    async def look(self, path: str, query: str, headers: Mapping[str, str]) -> tuple[int, str]:
        """Return status and ETag."""
        signed = Signer(self.id, self.key).headers("GET", self.authority, path, query, b"", int(time.time()))
        url = URL(f"{self.url}{path}?{query}" if query else f"{self.url}{path}", encoded=True)
        async with self._session.get(url, headers={**signed, **headers}) as answer:
            return answer.status, answer.headers.get("ETag", "")

    async def get(self, path: str, query: str = "") -> tuple[int, Any]:
        signed = Signer(self.id, self.key).headers("GET", self.authority, path, query, b"", int(time.time()))
        url = URL(f"{self.url}{path}?{query}" if query else f"{self.url}{path}", encoded=True)
        async with self._session.get(url, headers=signed) as answer:
            return answer.status, json.loads(await answer.read() or b"null")


def clock() -> ClockReading:
    return ClockReading(wall=datetime.now(UTC), boot="0" * 32, monotonic_ns=time.monotonic_ns(), trusted=True)


def as_json(parcel: Parcel) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(parcel)
    return fields


def as_batch(parcels: Iterable[Parcel]) -> bytes:
    """Return the body of a delivery, before compression."""
    return records.encode(Batch(contract=1, parcels=[msgspec.Raw(records.encode(parcel)) for parcel in parcels]))
