"""One-time codes: made for a gateway by staff, taken once by the device that enrols as it."""

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

LASTS = timedelta(minutes=15)


class CodeRefused(CentralError):
    """Nothing was changed. `gateway`: whose code it is, where that is known."""

    def __init__(self, refusal: EnrolmentRefusal, gateway: str = "") -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.gateway = gateway


@dataclass(frozen=True, slots=True)
class Inviting:
    """`url`: where gateways reach this server, asked for when it is needed; `fingerprint`: of the catalogue's key."""

    url: Callable[[], str]
    fingerprint: str

    def invitation(self, code: str) -> Invitation:
        return Invitation(self.url(), code, self.fingerprint)


async def add_gateway(connection: Connection, community: str, label: str, site: str | None, now: datetime) -> Gateway:
    """A place for a device that is still to be enrolled."""
    gateway = Gateway(secrets.token_hex(8), community, label, site)
    await gateways.add(connection, gateway, now)
    return gateway


async def make_code(connection: Connection, gateway: Gateway, made_by: str, now: datetime) -> str:
    """A code to be shown once; only its hash is kept. The gateway's earlier ones that wait are withdrawn."""
    await gateways.lock(connection, gateway.id)
    await issued_codes.withdraw(connection, gateway.id, now)
    code = new_code(secrets.token_bytes(15))
    await issued_codes.add(connection, Code(_hash(code), gateway.id, gateway.community, made_by, now, now + LASTS))
    return code


async def enrol(database: Database, request: EnrolmentRequest, now: datetime) -> Gateway:
    """Take the code and register the key, whose proof was checked; every other key of the gateway is revoked.

    The same code with the same key gives the same again, for the first answer may have been lost. Raises CodeRefused.
    """
    code_hash = _hash(request.code)
    async with database.write() as connection:
        code = await issued_codes.find(connection, code_hash)
        if code is None:
            raise CodeRefused(EnrolmentRefusal.code_unknown)
        await gateways.lock(connection, code.gateway)
        gateway = await gateways.get(connection, code.gateway)
        assert gateway is not None  # a foreign key holds it
        if request.only_as not in (None, gateway.id):
            raise CodeRefused(EnrolmentRefusal.other_place, gateway.id)
        key = key_id(read_public(request.public))
        valid = False
        for held in await gateways.holders(connection, request.public):
            if held.gateway != gateway.id or not held.valid(now):
                raise CodeRefused(EnrolmentRefusal.key_known, gateway.id)
            valid = True
        if not await issued_codes.use(connection, code_hash, request.public, now):
            used = await issued_codes.find(connection, code_hash)
            if used is not None and used.used_public == request.public and now < used.ends_at and valid:
                return gateway
            raise CodeRefused(_why_not(used or code), gateway.id)
        await gateways.add_key(connection, gateway.id, key, request.public, now, origin="code")
        await gateways.revoke_keys(connection, gateway.id, now, "replaced", but=key)
        await rejected_requests.clear(connection, gateway.id)
        line = AuditEntry(code.made_by, gateway.community, GatewayEnrolled(gateway.id, key), now)
        await audit_trail.record(connection, line)
        return gateway


def _why_not(code: Code) -> EnrolmentRefusal:
    if code.used_at is not None:
        return EnrolmentRefusal.code_used
    return EnrolmentRefusal.code_expired if code.revoked_at is None else EnrolmentRefusal.code_revoked


def _hash(code: str) -> str:
    """120 random bits need no salt and no slow hash."""
    return hashlib.sha256(code.encode()).hexdigest()
