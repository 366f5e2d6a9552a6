"""Answer a shake: find the project at the nearest ranged beacon and issue a presence pass."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from central_server.catalogue.beacon_project import BeaconProject
from central_server.errors import CentralError
from central_server.shake.catalogue_bindings import CatalogueBindings
from central_server.shake.nearest_beacon import nearest, zone
from central_server.shake.shake_records import Found, FoundBeacon, Ranged, ShakeRequest, ShakeResponse, ShownProject
from central_server.statistics.event_times import hour
from central_server.statistics.visitors import VisitCounter
from central_server.store.api import presence_passes
from central_server.store.api.presence_passes import StoredAnswer, StoredPass
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.statistics.visitors import PhoneVisit
from sync_contract.records import Door
from sync_contract.strict_model import canonical

PASS_LIFETIME = timedelta(minutes=30)
_ANSWER_LIFETIME = timedelta(days=1)
"""How long a repeated request gets the same response."""
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
        if ranged is not None:
            response = _build_response(ranged, found[ranged.id], now)
        else:
            response = ShakeResponse(found=None, reason=await self._reason(request, now))
            if key is None:
                return response

        async def store(connection: Connection) -> ShakeResponse:
            salt = secrets.token_hex(32)
            if key is not None:
                fingerprint = hashlib.sha256(canonical(request)).hexdigest()
                new = StoredAnswer(_hash(key), fingerprint, salt, response.model_dump_json(by_alias=True), now)
                stored = await presence_passes.answer_once(connection, new)
                if stored.fingerprint != fingerprint:
                    raise KeyReused("the key was used with another body")
                if stored.salt != salt:
                    return self._with_pass(ShakeResponse.model_validate_json(stored.content), stored.salt)
            if ranged is not None:
                await self._give(connection, ranged, found[ranged.id], salt, visitor, now)
            return self._with_pass(response, salt)

        return await self.database.written(store)

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
            ends_at=now + PASS_LIFETIME,
        )
        await presence_passes.give(connection, given)
        visit = PhoneVisit(hour(now), found.community, str(ranged.id), found.project.id, Door.phone.value, "shake")
        await self.counter.count(connection, visit, visitor)
        if not secrets.randbelow(50):  # often enough
            await presence_passes.forget(connection, now - _ANSWER_LIFETIME)

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
            ends_at=now + PASS_LIFETIME,
            beacon=FoundBeacon(uuid=ranged.uuid, major=ranged.major, minor=ranged.minor, distance_m=ranged.distance_m),
            place=found.community,
        ),
        reason="",
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
