"""Store scans of the screen's code; rows are added, never changed, and deleted after 90 days."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from volunteering.rules.seats import SignUpState
from volunteering.store.activities import ActivityState
from volunteering.store.people import with_merged
from volunteering.store.sign_ups import SignUp
from volunteering.store.tables import attendances, shifts, sign_ups


@dataclass(frozen=True, slots=True)
class Attendance:
    """`step`, `evidence`, `reason`: see volunteering.rules. `use_id`: see sync_contract.check_in_code."""

    id: str
    community: str
    environment: str
    shift: str
    sign_up: str
    person: str
    step: str
    at: datetime
    evidence: str
    reason: str
    gateway: str
    use_id: str


_ATTENDANCE, _SIGN_UP = columns_of(attendances, Attendance), columns_of(sign_ups, SignUp)


async def add(connection: Connection, attendance: Attendance) -> None:
    await connection.execute(attendances.insert().values(asdict(attendance)))


async def forget(connection: Connection, before: datetime, most: int) -> int:
    """Delete the oldest scans until then; return how many."""
    old = select(attendances.c.id).where(attendances.c.at <= before).order_by(attendances.c.at).limit(most)
    found = (await connection.execute(old)).scalars().all()
    await connection.execute(delete(attendances).where(attendances.c.id.in_(found)))
    return len(found)


async def of_use(connection: Connection, person: str, use_id: str) -> Attendance | None:
    """Return what the person did with this code."""
    wanted = select(*_ATTENDANCE).where(attendances.c.person == person, attendances.c.use_id == use_id)
    return await fetch_one(connection, Attendance, wanted)


async def every_of(connection: Connection, person: str) -> tuple[Attendance, ...]:
    wanted = select(*_ATTENDANCE).where(with_merged(attendances.c.person, person)).order_by(attendances.c.at)
    return await fetch_all(connection, Attendance, wanted)


async def of_sign_ups(connection: Connection, wanted: Collection[str]) -> tuple[Attendance, ...]:
    """Return the scans of these sign-ups, in order of time."""
    found = select(*_ATTENDANCE).where(attendances.c.sign_up.in_(wanted)).order_by(attendances.c.at)
    return await fetch_all(connection, Attendance, found)


async def count_present(connection: Connection, wanted: Collection[str]) -> dict[str, int]:
    """Return by shift how many people have checked in, and not out."""
    out = select(attendances.c.sign_up).where(attendances.c.shift.in_(wanted), attendances.c.step == "out")
    counted = select(attendances.c.shift, func.count().label("persons")).where(
        attendances.c.shift.in_(wanted), attendances.c.step == "in", attendances.c.sign_up.not_in(out)
    )
    return {row.shift: row.persons for row in await connection.execute(counted.group_by(attendances.c.shift))}


async def count_proved(connection: Connection, shift: str, person: str) -> int:
    """Return how many other people arrived at the shift with proof."""
    came = (attendances.c.shift == shift) & (attendances.c.step == "in") & (attendances.c.evidence == "screen")
    counted = select(func.count()).select_from(attendances).where(came, attendances.c.person != person)
    return int((await connection.execute(counted)).scalar_one())


async def seats_between(connection: Connection, person: str, since: datetime, until: datetime) -> tuple[SignUp, ...]:
    """Return the person's confirmed seats in shifts that end after `since` and begin before `until`."""
    wanted = select(*_SIGN_UP).join(shifts, shifts.c.id == sign_ups.c.shift)
    mine = wanted.where(sign_ups.c.person == person, sign_ups.c.state == SignUpState.confirmed.value)
    around = mine.where(shifts.c.ends >= since, shifts.c.starts <= until, shifts.c.state == ActivityState.open.value)
    return await fetch_all(connection, SignUp, around)


async def persons_by_code(connection: Connection, shift: str) -> tuple[tuple[datetime, int], ...]:
    """Return for each code of the shift's scans the first scan and how many people used it, in any shift."""
    used = select(attendances.c.use_id).where(attendances.c.shift == shift)
    counted = select(func.min(attendances.c.at).label("at"), func.count().label("persons"))
    wanted = counted.where(attendances.c.use_id.in_(used)).group_by(attendances.c.use_id).order_by("at")
    return tuple((row.at, row.persons) for row in await connection.execute(wanted))
