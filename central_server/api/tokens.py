"""Check personal tokens: a program acts for an account, with some of the account's rights.

A token is `bct_`, 43 characters of base64url (256 bits), `_`, and the CRC-32 of all before it as 8 hexadecimal digits.
A scanner for leaked secrets finds it by the prefix and verifies the checksum.
"""

import hashlib
import re
import secrets
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from aiohttp import web

from central_server.accounts.access import Access, Right, Role
from central_server.api.problems import refusal_of
from central_server.store.accounts import accounts
from central_server.store.api import tokens
from central_server.store.api.tokens import StoredToken
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from daemonkit.web.problem import refusal
from daemonkit.web.rate_limit import Buckets
from daemonkit.web.web_rules import identify_client
from sync_contract.uuid7 import new_id

_log = structlog.get_logger()
PREFIX = "bct_"
LIFETIMES_DAYS = (30, 90, 365)
MAX_OF_ACCOUNT = 20
_SHAPE = re.compile(r"(bct_[A-Za-z0-9_-]{43})_([0-9a-f]{8})")


class Scope(StrEnum):
    log = "read:log"
    """The sync log."""
    statistics = "read:statistics"
    catalogue = "read:catalogue"
    """Gateways, beacons and projects."""


NEEDS: Mapping[Scope, Right] = {Scope.log: Right.see, Scope.statistics: Right.see, Scope.catalogue: Right.see}
"""The right that the account must have for each scope."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The token and account of a request. `tops`: the scope applies at and below these places."""

    token: StoredToken
    access: Access
    tops: frozenset[str]


class Bearers:
    """Identifies the caller of a request. `rate`, `burst`: limit for each token."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], *, rate: float = 20.0, burst: int = 200
    ) -> None:
        self._database = database
        self._clock = clock
        self._buckets = Buckets(rate, burst)

    async def caller(self, request: web.Request, scope: Scope | None) -> Caller:
        """`scope` None: any token is accepted. Raises token-missing, token-refused, scope-missing, 429."""
        values = request.headers.getall("Authorization", [])
        scheme, _, text = values[0].partition(" ") if values else ("", "", "")
        if len(values) != 1 or scheme.lower() != "bearer":
            raise refusal_of("token-missing", WWW_Authenticate="Bearer")
        now = self._clock()
        async with self._database.read() as connection:
            token = await tokens.by_hash(connection, hash_of(text), now) if well_formed(text) else None
            access = None if token is None else await _access(connection, token.account)
        if token is None or access is None:
            raise refusal_of("token-refused", WWW_Authenticate='Bearer error="invalid_token"')
        if wait := self._buckets.take(token.id, time.monotonic()):
            busy = refusal(web.HTTPTooManyRequests)
            busy.headers["Retry-After"] = str(int(wait) + 1)
            raise busy
        if tokens.is_due(token, now):
            async with self._database.write() as connection:
                await tokens.note_use(connection, token.id, now)
        tops = frozenset(access.roles) if scope is None else access.places(NEEDS[scope])
        if scope is not None and (scope not in token.scopes.split() or not tops):
            _log.warning(
                "access.refused",
                account=token.account,
                program=token.id,
                scope=scope.value,
                client=identify_client(request),
            )
            raise refusal_of("scope-missing", WWW_Authenticate=f'Bearer error="insufficient_scope", scope="{scope}"')
        return Caller(token, access, tops)


async def _access(connection: Connection, account: str) -> Access | None:
    """Return what the account may do now; None if it may no longer log in."""
    known = await accounts.get(connection, account)
    if known is None or known.disabled_at is not None:
        return None
    roles = await accounts.roles(connection, account)
    return Access(account, {place: Role(role) for place, role in roles.items()})


def make_token(account: str, label: str, scopes: frozenset[Scope], days: int, now: datetime) -> tuple[str, StoredToken]:
    """Return the token's text, to be shown once, and its row."""
    body = PREFIX + secrets.token_urlsafe(32)
    text = f"{body}_{zlib.crc32(body.encode()):08x}"
    words = " ".join(sorted(scopes))
    return text, StoredToken(new_id(), hash_of(text), account, label, words, now, now + timedelta(days=days))


def well_formed(text: str) -> bool:
    found = _SHAPE.fullmatch(text)
    return found is not None and int(found[2], 16) == zlib.crc32(found[1].encode())


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
