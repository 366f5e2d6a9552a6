"""Presence passes (here only as hashes), the answers that repeated questions get, and how often there were any."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import presence_passes, shake_answers, shake_counts
from central_server.store.engine.upsert import insert
from sync_contract.beacon_identity import BeaconId


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
    """`content`: the answer without its pass, which is made anew from `salt`."""

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
    """None for what was never given, and for what has ended."""
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
    """Keep the answer; the one that was kept under this key before, when there is one."""
    await connection.execute(insert(connection, shake_answers).values(asdict(answer)).on_conflict_do_nothing())
    statement = select(shake_answers).where(shake_answers.c.key_hash == answer.key_hash)
    return StoredAnswer(**(await connection.execute(statement)).one()._mapping)


async def forget(connection: Connection, before: datetime) -> None:
    """Passes that ended and answers that were given before that time."""
    await connection.execute(delete(presence_passes).where(presence_passes.c.ends_at < before))
    await connection.execute(delete(shake_answers).where(shake_answers.c.given_at < before))


async def count(
    connection: Connection, *, hour: datetime, community: str, beacon: str, project: str, door: str, kind: str
) -> None:
    """One more."""
    statement = insert(connection, shake_counts).values(
        hour=hour, community=community, beacon=beacon, project=project, door=door, kind=kind, times=1
    )
    again = {"times": shake_counts.c.times + 1}
    key = [shake_counts.c[name] for name in ("hour", "community", "beacon", "project", "door", "kind")]
    await connection.execute(statement.on_conflict_do_update(index_elements=key, set_=again))
