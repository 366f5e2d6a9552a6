"""A gateway rolls its key, and staff revoke keys."""

from datetime import datetime

from central_server.enrolment.gateways import EnrolmentRefused
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways, issued_codes
from central_server.store.enrolment.gateways import Gateway, Key
from sync_contract.enrolment import EnrolmentMalformed, KeyRoll
from sync_contract.keys import key_id


async def roll(database: Database, gateway: Gateway, old: Key, asked: KeyRoll, now: datetime) -> str:
    """Register the new key beside the old one that signed; the new one's id. The same again changes nothing.

    Raises EnrolmentRefused when the proof does not fit this gateway, or the key is known otherwise.
    """
    try:
        new = key_id(asked.check())
    except EnrolmentMalformed as error:
        raise EnrolmentRefused(str(error)) from error
    if asked.gateway != gateway.id:
        raise EnrolmentRefused("the proof is for another gateway")
    async with database.write() as connection:
        await gateways.lock(connection, gateway.id)
        held = await gateways.holders(connection, asked.public)
        if any(key.gateway != gateway.id or not key.valid(now) for key in held):
            raise EnrolmentRefused("this key was known before: make a new one")
        if not held:
            await gateways.add_key(connection, gateway.id, new, asked.public, now, origin="roll", replaces=old.key)
    return new


async def revoke(connection: Connection, gateway: str, now: datetime) -> int:
    """Refuse everything that the gateway sends from now on, and withdraw its codes; how many keys were valid."""
    await gateways.lock(connection, gateway)
    await issued_codes.withdraw(connection, gateway, now)
    return await gateways.revoke_keys(connection, gateway, now, "staff")
