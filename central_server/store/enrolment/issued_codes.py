"""One-time codes, stored as hashes, and counts of wrong ones."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import enrolment_codes, wrong_codes
from central_server.store.engine.upsert import insert


@dataclass(frozen=True, slots=True)
class Code:
    """`made_by`: an account's name. `used_public`: the key that was enrolled with it."""

    code_hash: str
    gateway: str
    community: str
    made_by: str
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None = None
    used_public: str | None = None
    revoked_at: datetime | None = None

    def waits(self, now: datetime) -> bool:
        return self.used_at is None and self.revoked_at is None and now < self.ends_at


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
