"""Creates one-time codes for gateways, and enrols the device that sends one."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from central_server.errors import CentralError
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_actions import GatewayEnrolled
from central_server.store.accounts.audit_trail import AuditEntry
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways, issued_codes, rejected_requests
from central_server.store.enrolment.gateways import Gateway
from central_server.store.enrolment.issued_codes import Code
from sync_contract.enrolment import EnrolmentRefusal, EnrolmentRequest, Invitation, new_code
from sync_contract.keys import key_id, read_public

CODE_LIFETIME, BUNDLE_LIFETIME = timedelta(minutes=15), timedelta(hours=48)
"""Of a code that is typed or scanned at once, and of one that travels on a card."""


class CodeRefused(CentralError):
    """The code was not accepted, and nothing was changed. `gateway`: of the code, where it is known."""

    def __init__(self, refusal: EnrolmentRefusal, gateway: str = "") -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.gateway = gateway


@dataclass(frozen=True, slots=True)
class Inviting:
    """`url` returns the address at which gateways reach this server; `fingerprint`: of the catalogue's key."""

    url: Callable[[], str]
    fingerprint: str

    def invitation(self, code: str) -> Invitation:
        return Invitation(self.url(), code, self.fingerprint)


async def add_gateway(connection: Connection, community: str, label: str, site: str | None, now: datetime) -> Gateway:
    """Add a gateway, for a device that is enrolled later."""
    gateway = Gateway(secrets.token_hex(8), community, label, site)
    await gateways.add(connection, gateway, now)
    return gateway


async def make_code(
    connection: Connection, gateway: Gateway, made_by: str, now: datetime, *, bundle: bool = False
) -> str:
    """Create a code, which is shown once: only its hash is stored. Earlier unused codes are withdrawn."""
    await gateways.lock(connection, gateway.id)
    await issued_codes.withdraw(connection, gateway.id, now)
    code = new_code(secrets.token_bytes(15))
    ends_at = now + (BUNDLE_LIFETIME if bundle else CODE_LIFETIME)
    await issued_codes.add(
        connection, Code(_hash(code), gateway.id, gateway.community, made_by, now, ends_at, bundle=bundle)
    )
    return code


async def enrol(database: Database, request: EnrolmentRequest, now: datetime) -> Gateway:
    """Use the code and register the key, whose proof was checked. Revoke every other key of the gateway.

    The same code with the same key succeeds again: the first answer may be lost. Raises CodeRefused.
    """
    code_hash = _hash(request.code)
    async with database.write() as connection:
        code = await issued_codes.find(connection, code_hash)
        if code is None:
            raise CodeRefused(EnrolmentRefusal.code_unknown)
        await gateways.lock(connection, code.gateway)
        gateway = await gateways.get(connection, code.gateway)
        assert gateway is not None  # by a foreign key
        if request.only_as not in (None, gateway.id):
            raise CodeRefused(EnrolmentRefusal.other_place, gateway.id)
        key = key_id(read_public(request.public))
        valid = False
        for holder in await gateways.holders(connection, request.public):
            if holder.gateway != gateway.id or not holder.valid(now):
                raise CodeRefused(EnrolmentRefusal.key_known, gateway.id)
            valid = True
        if not await issued_codes.use(connection, code_hash, request.public, now):
            used = await issued_codes.find(connection, code_hash)
            if used is not None and used.used_public == request.public and now < used.ends_at and valid:
                return gateway
            raise CodeRefused(_refusal_of(used or code), gateway.id)
        if not await gateways.add_key(connection, gateway.id, key, request.public, now, origin="code") and not valid:
            raise CodeRefused(EnrolmentRefusal.key_known, gateway.id)
        await gateways.revoke_keys(connection, gateway.id, now, "replaced", but=key)
        await rejected_requests.clear(connection, gateway.id)
        line = AuditEntry(code.made_by, gateway.community, GatewayEnrolled(gateway.id, key), now)
        await audit_trail.record(connection, line)
        return gateway


def _refusal_of(code: Code) -> EnrolmentRefusal:
    if code.used_at is not None:
        return EnrolmentRefusal.code_used
    return EnrolmentRefusal.code_expired if code.revoked_at is None else EnrolmentRefusal.code_revoked


def _hash(code: str) -> str:
    """Return the stored hash. A code of 120 random bits needs no salt and no slow hash."""
    return hashlib.sha256(code.encode()).hexdigest()
