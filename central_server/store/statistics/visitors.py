"""Registers of the sketches in which visitors are counted, and how the processes share a day's salt."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import salt_offers, visitor_registers
from central_server.store.engine.upsert import insert


@dataclass(frozen=True, slots=True)
class Register:
    """Which visits it is of, and its place and rank in their sketch."""

    hour: datetime
    community: str
    beacon: str
    project: str
    door: str
    kind: str
    register: int
    rank: int


@dataclass(frozen=True, slots=True)
class SaltOffer:
    """A process that wants the day's salt; `sealed` None: nobody gave it yet."""

    process: str
    public: str
    asked_at: datetime
    sealed: str | None


async def note(connection: Connection, seen: Register) -> None:
    """The greatest rank stands; the same visitor again changes nothing."""
    statement = insert(connection, visitor_registers).values(asdict(seen))
    statement = statement.on_conflict_do_update(
        index_elements=list(visitor_registers.primary_key.columns),
        set_={"rank": statement.excluded.rank},
        where=statement.excluded.rank > visitor_registers.c.rank,
    )
    await connection.execute(statement)


async def offers(connection: Connection, day: datetime) -> tuple[SaltOffer, ...]:
    """Oldest first."""
    columns = [salt_offers.c[name] for name in SaltOffer.__dataclass_fields__]
    statement = select(*columns).where(salt_offers.c.day == day).order_by(salt_offers.c.asked_at, salt_offers.c.process)
    return tuple(SaltOffer(*row) for row in await connection.execute(statement))


async def ask(
    connection: Connection, day: datetime, process: str, public: str, sealed: str | None, now: datetime
) -> None:
    """`sealed` is given by the one that made the salt, for itself."""
    row = {"day": day, "process": process, "public": public, "asked_at": now, "sealed": sealed}
    await connection.execute(insert(connection, salt_offers).values(row).on_conflict_do_nothing())


async def give(connection: Connection, day: datetime, sealed: Sequence[tuple[str, str]]) -> None:
    """By process."""
    for process, box in sealed:
        here = (salt_offers.c.day == day, salt_offers.c.process == process, salt_offers.c.sealed.is_(None))
        await connection.execute(update(salt_offers).where(*here).values(sealed=box))


async def forget(connection: Connection, day: datetime, *, whole: bool = False) -> None:
    """The offers of the days before `day`; with `whole` that day's too."""
    late = salt_offers.c.day <= day if whole else salt_offers.c.day < day
    await connection.execute(delete(salt_offers).where(late))


async def forget_oldest(connection: Connection, before: datetime) -> bool:
    """The registers of the oldest day, of those before that time; False when there were none."""
    hours = visitor_registers.c.hour
    oldest: datetime | None = (await connection.execute(select(func.min(hours)))).scalar()
    if oldest is None or oldest >= before:
        return False
    await connection.execute(delete(visitor_registers).where(hours < min(before, oldest + timedelta(days=1))))
    return True
