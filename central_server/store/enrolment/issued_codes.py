"""One-time codes, stored as hashes, and counts of wrong ones."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import enrolment_codes, wrong_codes
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within


class CodeState(StrEnum):
    waits = "waits"
    used = "used"
    expired = "expired"
    revoked = "revoked"


@dataclass(frozen=True, slots=True)
class Code:
    """`made_by`: an account's name. `bundle`: it is in an enrolment bundle. `used_public`: the key enrolled with it."""

    code_hash: str
    gateway: str
    community: str
    made_by: str
    made_at: datetime
    ends_at: datetime
    bundle: bool = False
    used_at: datetime | None = None
    used_public: str | None = None
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> CodeState:
        if self.used_at is not None:
            return CodeState.used
        if self.revoked_at is not None:
            return CodeState.revoked
        return CodeState.waits if now < self.ends_at else CodeState.expired

    def waits(self, now: datetime) -> bool:
        return self.state(now) is CodeState.waits


async def add(connection: Connection, code: Code) -> None:
    await connection.execute(enrolment_codes.insert().values(asdict(code)))


async def find(connection: Connection, code_hash: str) -> Code | None:
    statement = select(enrolment_codes).where(enrolment_codes.c.code_hash == code_hash)
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else Code(**found._mapping)


async def newest(connection: Connection, gateway: str) -> Code | None:
    statement = select(enrolment_codes).where(enrolment_codes.c.gateway == gateway)
    found = (await connection.execute(statement.order_by(enrolment_codes.c.made_at.desc()).limit(1))).one_or_none()
    return None if found is None else Code(**found._mapping)


async def bundles(connection: Connection, tops: Collection[str], limit: int) -> tuple[Code, ...]:
    """Return the codes of bundles for gateways at and below `tops`, the newest first."""
    statement = select(enrolment_codes).where(enrolment_codes.c.bundle, within(enrolment_codes.c.community, tops))
    ordered = statement.order_by(enrolment_codes.c.made_at.desc(), enrolment_codes.c.code_hash).limit(limit)
    return tuple(Code(**row._mapping) for row in await connection.execute(ordered))


async def use(connection: Connection, code_hash: str, public: str, now: datetime) -> bool:
    """Use a code. Return True for one caller only, and only while the code is unused and valid."""
    statement = update(enrolment_codes).where(
        enrolment_codes.c.code_hash == code_hash,
        enrolment_codes.c.used_at.is_(None),
        enrolment_codes.c.revoked_at.is_(None),
        enrolment_codes.c.ends_at > now,
    )
    return bool((await connection.execute(statement.values(used_at=now, used_public=public))).rowcount)


async def withdraw(connection: Connection, gateway: str, now: datetime) -> int:
    """Revoke the gateway's unused codes. Return how many."""
    statement = update(enrolment_codes).where(
        enrolment_codes.c.gateway == gateway,
        enrolment_codes.c.used_at.is_(None),
        enrolment_codes.c.revoked_at.is_(None),
    )
    return (await connection.execute(statement.values(revoked_at=now))).rowcount


async def count_wrong(connection: Connection, times: int, now: datetime) -> None:
    statement = insert(connection, wrong_codes).values(hour=now.replace(minute=0, second=0, microsecond=0), times=times)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[wrong_codes.c.hour], set_={"times": wrong_codes.c.times + times}
        )
    )


async def wrong_since(connection: Connection, since: datetime) -> int:
    """Return how many wrong codes were tried in the hours that began at or after `since`."""
    statement = select(func.coalesce(func.sum(wrong_codes.c.times), 0)).where(wrong_codes.c.hour >= since)
    return int((await connection.execute(statement)).scalar_one())
