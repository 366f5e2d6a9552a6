"""Record a guardian's consent, and keep it with the guardian's number."""

from datetime import datetime

from central_server.store.engine.connection import Connection
from sync_contract.uuid7 import new_id
from volunteering.people.sealed_person import MessageNumber, PersonSeal
from volunteering.store import guardians, people
from volunteering.store.guardians import GUARDIAN_PURPOSE, Guardian
from volunteering.store.people import Person

GUARDIAN_VERSION = "2026-12-03"
"""The version of the text to which a guardian agrees: a changed text gets a new one."""


async def add_guardian(connection: Connection, seal: PersonSeal, minor: Person, mobile: str, now: datetime) -> None:
    """`mobile`: the guardian's, proved by a code."""
    id_ = new_id()
    guardian = Guardian(
        id_,
        minor.community,
        minor.environment,
        minor.id,
        seal.number_hash(mobile),
        seal.close_message(id_, MessageNumber(mobile)),
        GUARDIAN_VERSION,
        now,
        None,
    )
    await guardians.add(connection, guardian)
    await people.add_consent(connection, minor, GUARDIAN_PURPOSE, GUARDIAN_VERSION, "guardian", now)


async def move_consents(connection: Connection, seal: PersonSeal, guardian: Person, mobile: str) -> None:
    """Keep the consents of a guardian who has another number now. `guardian`: with the earlier one."""
    if guardian.number_hash is None:
        return
    for each in await guardians.of_number(connection, guardian):
        sealed = seal.close_message(each.id, MessageNumber(mobile))
        await guardians.move(connection, each, seal.number_hash(mobile), sealed)


async def end_consents(connection: Connection, guardian: Person, now: datetime) -> None:
    """End the consents of a guardian who lost the number: its new holder is nobody's guardian."""
    if guardian.number_hash is not None:
        await guardians.end(connection, await guardians.of_number(connection, guardian), now)
