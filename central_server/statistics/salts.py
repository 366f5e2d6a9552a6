"""Share the day's salt between processes, in memory only, until midnight in Beijing.

One process makes it. The others ask with a public key made for this purpose, and receive the salt sealed to that key.
So the database, its log and its backups hold nothing with which a visitor could be found in a sketch. A process that
gets no answer makes a new salt; visitors who come before and after are then counted twice.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from central_server.statistics.event_times import day
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.statistics import visitors
from central_server.store.statistics.visitors import SaltOffer

PATIENCE = timedelta(seconds=15)
AHEAD = timedelta(minutes=10)
"""The next day's salt is made before midnight."""
_OWN = "own"
_SALT = 32


@dataclass(slots=True)
class _Day:
    key: X25519PrivateKey
    asked_at: datetime | None = None
    salt: bytes | None = None


class Salts:
    def __init__(self) -> None:
        self._process = secrets.token_hex(8)
        self._days: dict[datetime, _Day] = {}

    def at(self, when: datetime) -> bytes | None:
        """Return the salt of the day; None while this process does not have it."""
        known = self._days.get(day(when))
        return known.salt if known else None

    async def refresh(self, database: Database, now: datetime) -> None:
        """Forget old salts, ask for a missing one, answer others. Call every few seconds. Raises StoreUnavailable."""
        days = {day(now), day(now + AHEAD)}
        for old in self._days.keys() - days:
            del self._days[old]
        for each in sorted(days):
            known = self._days.setdefault(each, _Day(X25519PrivateKey.generate()))
            async with database.read() as connection:
                offers = await visitors.offers(connection, each)
            if known.salt is None:
                known.salt = _opened(known.key, offers, self._process)
            if known.salt is not None:
                await self._answer(database, each, known.salt, offers)
            elif known.asked_at is None or now - known.asked_at > PATIENCE:
                async with database.write() as connection:
                    await self._ask(connection, each, known, now)

    async def _ask(self, connection: Connection, of: datetime, known: _Day, now: datetime) -> None:
        await connection.alone("salt")
        await visitors.forget(connection, day(now))
        offers = await visitors.offers(connection, of)
        # The process whose offer is still there after the wait makes a new salt; the others ask again.
        in_vain = known.asked_at is not None and any(offer.process == self._process for offer in offers)
        if in_vain:
            await visitors.forget(connection, of, inclusive=True)
        own = in_vain or not offers
        if own:
            known.salt = secrets.token_bytes(_SALT)
        public = known.key.public_key().public_bytes_raw().hex()
        await visitors.ask(connection, of, self._process, public, _OWN if own else None, now)
        known.asked_at = now

    async def _answer(self, database: Database, of: datetime, salt: bytes, offers: tuple[SaltOffer, ...]) -> None:
        sealed = [(offer.process, seal(offer.public, salt)) for offer in offers if offer.sealed is None]
        if sealed:
            async with database.write() as connection:
                await visitors.answer(connection, of, sealed)


def seal(public: str, salt: bytes) -> str:
    """Return hex of the one-time public key and the encrypted salt (X25519, HKDF, ChaCha20-Poly1305)."""
    key = X25519PrivateKey.generate()
    box = _cipher(key, bytes.fromhex(public)).encrypt(bytes(12), salt, None)
    return (key.public_key().public_bytes_raw() + box).hex()


def _opened(key: X25519PrivateKey, offers: tuple[SaltOffer, ...], process: str) -> bytes | None:
    for offer in offers:
        if offer.process == process and offer.sealed not in (None, _OWN):
            sealed = bytes.fromhex(offer.sealed or "")
            try:
                return _cipher(key, sealed[:32]).decrypt(bytes(12), sealed[32:], None)
            except InvalidTag:  # sealed to an earlier key: ask again
                return None
    return None


def _cipher(key: X25519PrivateKey, other: bytes) -> ChaCha20Poly1305:
    shared = key.exchange(X25519PublicKey.from_public_bytes(other))
    return ChaCha20Poly1305(HKDF(SHA256(), 32, None, b"beacon-central salt of a day").derive(shared))
