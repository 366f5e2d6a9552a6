"""Store counts of phones, registers of visitor sketches, and the exchange of a day's salt between processes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import salt_offers, shake_counts, visitor_registers
from central_server.store.engine.upsert import insert


@dataclass(frozen=True, slots=True)
class PhoneVisit:
    """One shake, or one opening of a project's page (click). `beacon`: as text, empty for none."""

    hour: datetime
    community: str
    beacon: str
    project: str
    door: str
    kind: Literal["shake", "click"]


@dataclass(frozen=True, slots=True)
class SaltOffer:
    """A process that asks for the day's salt; `sealed` None: no process has answered."""

    process: str
    public: str
    asked_at: datetime
    sealed: str | None


async def count_visit(connection: Connection, visit: PhoneVisit) -> None:
    await count_visits(connection, {visit: 1})


async def count_visits(connection: Connection, visits: Mapping[PhoneVisit, int]) -> None:
    """Add numbers of visits."""
    statement = insert(connection, shake_counts)
    times = shake_counts.c.times + statement.excluded.times
    statement = statement.on_conflict_do_update(
        index_elements=list(shake_counts.primary_key.columns), set_={"times": times}
    )
    await connection.execute(statement, [asdict(visit) | {"times": count} for visit, count in visits.items()])


async def add_register(connection: Connection, visit: PhoneVisit, register: int, rank: int) -> None:
    """Keep the greatest rank; the same visitor again changes nothing."""
    statement = insert(connection, visitor_registers).values(asdict(visit) | {"register": register, "rank": rank})
    statement = statement.on_conflict_do_update(
        index_elements=list(visitor_registers.primary_key.columns),
        set_={"rank": statement.excluded.rank},
        where=statement.excluded.rank > visitor_registers.c.rank,
    )
    await connection.execute(statement)


async def offers(connection: Connection, day: datetime) -> tuple[SaltOffer, ...]:
    """Return the offers of the day, oldest first."""
    columns = [salt_offers.c[name] for name in SaltOffer.__dataclass_fields__]
    statement = select(*columns).where(salt_offers.c.day == day).order_by(salt_offers.c.asked_at, salt_offers.c.process)
    return tuple(SaltOffer(*row) for row in await connection.execute(statement))


async def ask(
    connection: Connection, day: datetime, process: str, public: str, sealed: str | None, now: datetime
) -> None:
    """Ask for the day's salt. `sealed`: set by the process that made it, for itself."""
    row = {"day": day, "process": process, "public": public, "asked_at": now, "sealed": sealed}
    await connection.execute(insert(connection, salt_offers).values(row).on_conflict_do_nothing())


async def answer(connection: Connection, day: datetime, sealed: Sequence[tuple[str, str]]) -> None:
    """`sealed`: process and salt sealed to its key."""
    for process, box in sealed:
        waiting = (salt_offers.c.day == day, salt_offers.c.process == process, salt_offers.c.sealed.is_(None))
        await connection.execute(update(salt_offers).where(*waiting).values(sealed=box))


async def forget(connection: Connection, day: datetime, *, inclusive: bool = False) -> None:
    """Delete the offers of days before `day`; `inclusive`: of that day too."""
    old = salt_offers.c.day <= day if inclusive else salt_offers.c.day < day
    await connection.execute(delete(salt_offers).where(old))


async def forget_oldest(connection: Connection, before: datetime) -> bool:
    """Delete the registers of the oldest day, if before that time. Return False if there were none."""
    hours = visitor_registers.c.hour
    oldest: datetime | None = (await connection.execute(select(func.min(hours)))).scalar()
    if oldest is None or oldest >= before:
        return False
    await connection.execute(delete(visitor_registers).where(hours < min(before, oldest + timedelta(days=1))))
    return True
