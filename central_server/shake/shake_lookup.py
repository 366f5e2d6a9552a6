"""From what a phone ranged to the project page and a presence pass."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from central_server.errors import CentralError
from central_server.shake.nearest_beacon import Bindings, Brought, nearest, zone
from central_server.shake.shake_counts import Counter, counted
from central_server.shake.shake_records import Found, FoundBeacon, Ranged, ShakeAnswer, ShakeAsked, ShownProject
from central_server.store.api import presence_passes
from central_server.store.api.presence_passes import StoredAnswer, StoredPass
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.project import Project
from sync_contract.records import Door, canonical

PASS_LIVES = timedelta(minutes=30)
REMEMBERED = timedelta(days=1)
"""How long a repeated question gets the same answer."""
_DOMAIN = b"presence pass v1\0"
_NO_PASS = "0" * 43


class KeyReused(CentralError):
    """The idempotency key came before, with another question."""


@dataclass(frozen=True, slots=True)
class Shaking:
    """`secret`: what passes are made from; `page`: the address of a pass's page."""

    database: Database
    bindings: Bindings
    counter: Counter
    secret: bytes
    page: Callable[[str], str]

    async def shake(self, asked: ShakeAsked, key: str | None, visitor: bytes, now: datetime) -> ShakeAnswer:
        """`key`: the question's idempotency key; `visitor`: octets that tell visitors apart. Raises KeyReused."""
        brought = await self.bindings.at({each.id: zone(each) for each in asked.beacons}, now)
        ranged = nearest(asked.beacons, brought)
        nothing = ShakeAnswer(found=None, reason="") if ranged is not None else await self._nothing(asked, now)
        if ranged is None and key is None:
            return nothing

        async def keep(connection: Connection) -> ShakeAnswer:
            answer = nothing if ranged is None else _found(ranged, brought[ranged.id], now)
            salt = secrets.token_hex(32)
            if key is not None:
                fingerprint = hashlib.sha256(canonical(asked)).hexdigest()
                fresh = StoredAnswer(_hash(key), fingerprint, salt, answer.model_dump_json(by_alias=True), now)
                kept = await presence_passes.answer_once(connection, fresh)
                if kept.fingerprint != fingerprint:
                    raise KeyReused("the key came before with another body")
                if kept.salt != salt:
                    return self._completed(ShakeAnswer.model_validate_json(kept.content), kept.salt)
            if ranged is not None:
                await self._give(connection, ranged, brought[ranged.id], salt, visitor, now)
            return self._completed(answer, salt)

        return await self.database.written(keep)

    async def _nothing(self, asked: ShakeAsked, now: datetime) -> ShakeAnswer:
        if not asked.beacons:
            return ShakeAnswer(found=None, reason="nothing_ranged")
        ours = await self.bindings.stand([each.id for each in asked.beacons], now)
        return ShakeAnswer(found=None, reason="nothing_now" if ours else "not_ours")

    async def _give(
        self, connection: Connection, ranged: Ranged, found: Brought, salt: str, visitor: bytes, now: datetime
    ) -> None:
        given = StoredPass(
            pass_hash=_hash(self._pass(salt)),
            community=found.place,
            beacon=ranged.id,
            distance_cm=None if ranged.distance_m is None else round(ranged.distance_m * 100),
            project=found.project.id,
            door=Door.phone.value,
            given_at=now,
            ends_at=now + PASS_LIVES,
        )
        await presence_passes.give(connection, given)
        what = counted(now, found.place, str(ranged.id), found.project.id, Door.phone, "shake")
        await self.counter.count(connection, what, visitor)
        if not secrets.randbelow(50):  # now and then is often enough
            await presence_passes.forget(connection, now - REMEMBERED)

    def _completed(self, answer: ShakeAnswer, salt: str) -> ShakeAnswer:
        if answer.found is None:
            return answer
        made = self._pass(salt)
        found = answer.found.model_copy(update={"presence_pass": made, "url": self.page(made)})
        return answer.model_copy(update={"found": found})

    def _pass(self, salt: str) -> str:
        """43 characters, 256 bits. Made, not drawn: a repeated question gets it again, and no store holds it."""
        made = hmac.new(self.secret, _DOMAIN + bytes.fromhex(salt), hashlib.sha256).digest()
        return urlsafe_b64encode(made).rstrip(b"=").decode()


async def pass_of(connection: Connection, text: str, now: datetime) -> StoredPass | None:
    """None for what is no pass of ours, or has ended."""
    return await presence_passes.get(connection, _hash(text), now)


def _found(ranged: Ranged, found: Brought, now: datetime) -> ShakeAnswer:
    told = Found(
        project=shown(found.project),
        url="",
        presence_pass=_NO_PASS,
        ends_at=now + PASS_LIVES,
        beacon=FoundBeacon(uuid=ranged.uuid, major=ranged.major, minor=ranged.minor, distance_m=ranged.distance_m),
        place=found.place,
    )
    return ShakeAnswer(found=told, reason="")


def shown(project: Project) -> ShownProject:
    return ShownProject(
        id=project.id, title=project.title, summary=project.summary, story=project.story, payee=project.payee
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
