"""A device as the central server meets it: it enrols with a code, rolls its key, and says how it is."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.enrolment import enrolment_codes
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways
from central_server.store.enrolment.gateways import Gateway
from central_server.store.places import places
from sync_contract.enrolment import EnrolmentRequest, KeyRoll
from sync_contract.gateway_report import GatewayReport, Hearing
from sync_contract.keys import public_text
from sync_contract.records import ClockReading
from tests.fakes.delivering_gateway import DeliveringGateway


class EnrollingDevice(DeliveringGateway):
    """Takes its id from the enrolment."""

    async def enrol(
        self, code: str, *, only_as: str | None = None, changes: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Enrol. `changes`: replacements in the body after it was signed."""
        request = EnrolmentRequest(code=code, public=self.public, only_as=only_as).signed(self.key)
        async with self._session.post(
            f"{self.url}/api/v1/enrolments", json=request.model_dump(mode="json") | dict(changes or {})
        ) as answer:
            content: dict[str, Any] = json.loads(await answer.read())
            if answer.status == 200:
                self.id = content["gateway"]
            return answer.status, content

    async def roll(self, *, gateway: str | None = None, key: Ed25519PrivateKey | None = None) -> tuple[int, Any]:
        """Request a new key with the current one; `take` makes it the current one."""
        self.next = key or Ed25519PrivateKey.generate()
        asked = KeyRoll(gateway=gateway or self.id, public=public_text(self.next.public_key())).signed(self.next)
        return await self.post_json("/api/v1/keys", asked.model_dump_json().encode())

    def take(self) -> None:
        self.key, self.public = self.next, public_text(self.next.public_key())

    async def report(self, *, asked: str = "", **changes: Any) -> tuple[int, Any]:
        """Send a report. `asked`: the query, with its question mark."""
        return await self.post_json(f"/api/v1/reports{asked}", self.report_body(**changes))

    def report_body(self, **changes: Any) -> bytes:
        fields: dict[str, Any] = {
            "clock": ClockReading(
                wall=datetime.now(UTC), boot="0" * 32, monotonic_ns=time.monotonic_ns(), trusted=True
            ),
            "every_s": 60,
            "version": "0.1.0",
            "epoch": self.epoch,
            "uptime_s": 5,
            "hearing": Hearing.proved,
            "radio": "hearing",
            "advert": "on_air",
            "waiting": 3,
            "refused": 0,
            "damaged": 0,
            "catalogue_version": 1,
        }
        return GatewayReport(**(fields | changes)).model_dump_json().encode()

    async def post_json(self, path: str, body: bytes) -> tuple[int, Any]:
        status, answer = await self.post(path, body, {"Content-Type": "application/json"})
        return status, json.loads(answer)


def device(session: aiohttp.ClientSession, url: str) -> EnrollingDevice:
    return EnrollingDevice(session, url)


async def invited(database: Database, *, community: str = "huada", label: str = "社区大厅") -> tuple[Gateway, str]:
    """Add a gateway; return it with its code."""
    now = datetime.now(UTC)
    async with database.write() as connection:
        await places.plant_community(connection, community, now)
        gateway = await enrolment_codes.add_gateway(connection, community, label, None, now)
        return gateway, await enrolment_codes.make_code(connection, gateway, "chen", now)


async def code_for(database: Database, gateway: str) -> str:
    """Create another code for a gateway."""
    async with database.write() as connection:
        known = await gateways.get(connection, gateway)
        assert known is not None
        return await enrolment_codes.make_code(connection, known, "chen", datetime.now(UTC))
