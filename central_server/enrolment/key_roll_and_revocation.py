"""Registers the new key when a gateway rolls its key, and revokes keys for staff."""

from datetime import datetime

from central_server.enrolment.gateways import EnrolmentRefused
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways, issued_codes
from central_server.store.enrolment.gateways import Gateway, Key
from sync_contract.enrolment import EnrolmentMalformed, KeyRoll
from sync_contract.keys import key_id


async def roll(database: Database, gateway: Gateway, old: Key, request: KeyRoll, now: datetime) -> str:
    """Register the new key in addition to the old one, which signed the request. Return the new key's id. Repeatable.

    Raises EnrolmentRefused when the proof does not fit this gateway, or the key is known otherwise.
    """
    try:
        new = key_id(request.check())
    except EnrolmentMalformed as error:
        raise EnrolmentRefused(str(error)) from error
    if request.gateway != gateway.id:
        raise EnrolmentRefused("the proof is for another gateway")
    async with database.write() as connection:
        await gateways.lock(connection, gateway.id)
        holders = await gateways.holders(connection, request.public)
        if any(key.gateway != gateway.id or not key.valid(now) for key in holders):
            raise EnrolmentRefused("this key was known before: generate a new one")
        if not holders and not await gateways.add_key(
            connection, gateway.id, new, request.public, now, origin="roll", replaces=old.key
        ):
            raise EnrolmentRefused("another gateway has a key with this id: generate a new one")
    return new


async def revoke(connection: Connection, gateway: str, now: datetime) -> int:
    """Revoke all keys of the gateway and withdraw its codes. Return how many keys were valid."""
    await gateways.lock(connection, gateway)
    await issued_codes.withdraw(connection, gateway, now)
    return await gateways.revoke_keys(connection, gateway, now, "staff")
