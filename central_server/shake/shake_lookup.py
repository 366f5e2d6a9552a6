"""Answer a shake: find the project at the nearest ranged beacon and issue a presence pass."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from central_server.catalogue.beacon_project import BeaconProject
from central_server.errors import CentralError
from central_server.shake.catalogue_bindings import CatalogueBindings
from central_server.shake.nearest_beacon import nearest, zone
from central_server.shake.shake_records import (
    Evidence,
    Found,
    FoundBeacon,
    Ranged,
    ShakeRequest,
    ShakeResponse,
    ShownProject,
)
from central_server.statistics.event_times import hour
from central_server.statistics.visitors import VisitCounter
from central_server.store.api import presence_passes
from central_server.store.api.presence_passes import LIFETIME, StoredAnswer, StoredPass
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.statistics.visitors import PhoneVisit
from sync_contract.records import Door
from sync_contract.strict_model import canonical

_DOMAIN = b"presence pass v1\0"
_NO_PASS = "0" * 43


class KeyReused(CentralError):
    """The idempotency key was used with another request."""


@dataclass(frozen=True, slots=True)
class ShakeLookup:
    """`secret`: passes are derived from it; `page`: returns the address of a pass's page."""

    database: Database
    bindings: CatalogueBindings
    counter: VisitCounter
    secret: bytes
    page: Callable[[str], str]

    async def answer(self, request: ShakeRequest, key: str | None, visitor: bytes, now: datetime) -> ShakeResponse:
        """`key`: idempotency key; `visitor`: distinguishes visitors, never stored. Raises KeyReused."""
        found = await self.bindings.at({each.id: zone(each) for each in request.beacons}, now)
        ranged = nearest(request.beacons, found)
        fingerprint = hashlib.sha256(canonical(request)).hexdigest()
        if ranged is None:  # nothing is stored: anybody can ask for nothing
            async with self.database.read() as connection:
                stored = None if key is None else await presence_passes.stored_answer(connection, _hash(key))
            if stored is not None:
                return self._repeat(stored, fingerprint)
            return ShakeResponse(found=None, reason=await self._reason(request, now))
        response = _build_response(ranged, found[ranged.id], now)

        async def store(connection: Connection) -> ShakeResponse:
            salt = secrets.token_hex(32)
            if key is not None:
                new = StoredAnswer(_hash(key), fingerprint, salt, response.model_dump_json(by_alias=True), now)
                stored = await presence_passes.answer_once(connection, new)
                if stored.salt != salt:
                    return self._repeat(stored, fingerprint)
            await self._give(connection, ranged, found[ranged.id], salt, visitor, now)
            return self._with_pass(response, salt)

        return await self.database.written(store)

    def _repeat(self, stored: StoredAnswer, fingerprint: str) -> ShakeResponse:
        """Raises KeyReused."""
        if stored.fingerprint != fingerprint:
            raise KeyReused("the key was used with another body")
        return self._with_pass(ShakeResponse.model_validate_json(stored.content), stored.salt)

    async def _reason(
        self, request: ShakeRequest, now: datetime
    ) -> Literal["nothing_ranged", "nothing_now", "not_ours"]:
        if not request.beacons:
            return "nothing_ranged"
        known = await self.bindings.places([each.id for each in request.beacons], now)
        return "nothing_now" if known else "not_ours"

    async def _give(
        self, connection: Connection, ranged: Ranged, found: BeaconProject, salt: str, visitor: bytes, now: datetime
    ) -> None:
        given = StoredPass(
            pass_hash=_hash(self._derive_pass(salt)),
            community=found.community,
            beacon=ranged.id,
            distance_cm=None if ranged.distance_m is None else round(ranged.distance_m * 100),
            project=found.project.id,
            door=Door.phone.value,
            given_at=now,
            ends_at=now + LIFETIME,
        )
        await presence_passes.give(connection, given)
        visit = PhoneVisit(hour(now), found.community, str(ranged.id), found.project.id, Door.phone.value, "shake")
        await self.counter.count(connection, visit, visitor)

    def _with_pass(self, response: ShakeResponse, salt: str) -> ShakeResponse:
        if response.found is None:
            return response
        given = self._derive_pass(salt)
        found = response.found.model_copy(update={"presence_pass": given, "url": self.page(given)})
        return response.model_copy(update={"found": found})

    def _derive_pass(self, salt: str) -> str:
        """Return 43 characters (256 bits). A repeated request derives the same pass, so no store holds it."""
        derived = hmac.new(self.secret, _DOMAIN + bytes.fromhex(salt), hashlib.sha256).digest()
        return urlsafe_b64encode(derived).rstrip(b"=").decode()


async def find_pass(connection: Connection, text: str, now: datetime) -> StoredPass | None:
    """Return None for an unknown or ended pass."""
    return await presence_passes.get(connection, _hash(text), now)


def _build_response(ranged: Ranged, found: BeaconProject, now: datetime) -> ShakeResponse:
    project = found.project
    return ShakeResponse(
        found=Found(
            project=ShownProject(
                id=project.id, title=project.title, summary=project.summary, story=project.story, payee=project.payee
            ),
            url="",
            presence_pass=_NO_PASS,
            ends_at=now + LIFETIME,
            beacon=FoundBeacon(uuid=ranged.uuid, major=ranged.major, minor=ranged.minor, distance_m=ranged.distance_m),
            place=found.community,
            evidence=Evidence.claimed,
        ),
        reason="",
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
