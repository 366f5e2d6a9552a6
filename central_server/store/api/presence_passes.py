"""Store presence passes, as hashes only, and the answers to repeated requests."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import presence_passes, shake_answers
from central_server.store.engine.upsert import insert
from sync_contract.beacon_identity import BeaconId

LIFETIME = timedelta(minutes=30)
"""Of a pass, and of the answer to a repeated request."""
MAX_ROWS = 100_000
"""Passes, and answers: anybody can ask for them, so the oldest make room."""
_SLICE = 1000
"""Rows deleted in one transaction: on SQLite a write locks out every other process."""


@dataclass(frozen=True, slots=True)
class StoredPass:
    """`distance_cm`: as the phone estimated it, None where it did not."""

    pass_hash: str
    community: str
    beacon: BeaconId
    distance_cm: int | None
    project: str
    door: str
    given_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """`content`: the answer without its pass, which is derived again from `salt`."""

    key_hash: str
    fingerprint: str
    salt: str
    content: str
    given_at: datetime


async def give(connection: Connection, given: StoredPass) -> None:
    values = {name: getattr(given, name) for name in StoredPass.__dataclass_fields__ if name != "beacon"}
    beacon = {"uuid": str(given.beacon.uuid), "major": given.beacon.major, "minor": given.beacon.minor}
    await connection.execute(presence_passes.insert().values(values | beacon))


async def get(connection: Connection, pass_hash: str, now: datetime) -> StoredPass | None:
    """Return None for an unknown or ended pass."""
    columns = presence_passes.c
    found = (
        await connection.execute(select(presence_passes).where(columns.pass_hash == pass_hash, columns.ends_at > now))
    ).one_or_none()
    if found is None:
        return None
    values = dict(found._mapping)
    beacon = BeaconId(UUID(values.pop("uuid")), values.pop("major"), values.pop("minor"))
    return StoredPass(beacon=beacon, **values)


async def answer_once(connection: Connection, answer: StoredAnswer) -> StoredAnswer:
    """Store the answer unless its key has one already; return the stored one."""
    await connection.execute(insert(connection, shake_answers).values(asdict(answer)).on_conflict_do_nothing())
    return await stored_answer(connection, answer.key_hash) or answer


async def stored_answer(connection: Connection, key_hash: str) -> StoredAnswer | None:
    statement = select(shake_answers).where(shake_answers.c.key_hash == key_hash)
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else StoredAnswer(**found._mapping)


async def forget(connection: Connection, now: datetime, *, most: int = MAX_ROWS) -> bool:
    """Delete passes and answers at the end of their life, and the oldest beyond `most`.

    Return whether there may be more: one call deletes a slice of each.
    """
    more = False
    for key, at, over in (
        (presence_passes.c.pass_hash, presence_passes.c.ends_at, now),
        (shake_answers.c.key_hash, shake_answers.c.given_at, now - LIFETIME),
    ):
        beyond = select(at).order_by(at.desc()).offset(most).limit(1).scalar_subquery()
        old = select(key).where(or_(at <= over, at <= beyond)).order_by(at).limit(_SLICE)
        more |= (await connection.execute(delete(key.table).where(key.in_(old)))).rowcount == _SLICE
    return more
