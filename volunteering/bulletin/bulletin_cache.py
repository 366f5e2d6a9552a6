"""Sign each community's bulletin, and cache it for a few seconds: a fleet asks for it every minute."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.store.engine.database import Database
from sync_contract.bulletin import sign
from sync_contract.strict_model import Environment, canonical
from volunteering.bulletin.compose_bulletin import compose_bulletin

CACHED_FOR = timedelta(seconds=20)
_REISSUED = timedelta(hours=1)
"""A bulletin without changes is issued again, so that a kiosk without a network shows it for 23 hours at least."""
_MAX_CACHED = 1000


@dataclass(frozen=True, slots=True)
class SignedText:
    """`signed`: a SignedBulletin as JSON. `etag`: the same for the same content within an hour, in any process."""

    signed: str
    etag: str
    at: datetime


class BulletinCache:
    def __init__(self, database: Database, key: Ed25519PrivateKey, environment: Environment) -> None:
        self._database, self._key, self._environment = database, key, environment
        self._cache: dict[str, SignedText] = {}

    async def current(self, community: str, now: datetime) -> SignedText:
        """Raises StoreUnavailable."""
        cached = self._cache.get(community)
        if cached is not None and cached.at <= now < cached.at + CACHED_FOR:
            return cached
        async with self._database.read() as connection:
            bulletin = await compose_bulletin(connection, community, self._environment, now)
        hour = datetime.fromtimestamp(now.timestamp() // _REISSUED.total_seconds() * _REISSUED.total_seconds(), UTC)
        digest = hashlib.sha256(canonical(bulletin.model_copy(update={"issued_at": hour}))).hexdigest()
        made = SignedText(sign(bulletin, self._key).model_dump_json(), digest[:32], now)
        if len(self._cache) >= _MAX_CACHED:
            self._cache.clear()
        self._cache[community] = made
        return made
