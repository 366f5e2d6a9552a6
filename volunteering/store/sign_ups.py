"""Store sign-ups: one row for each person and shift; its states are in the history."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from sync_contract.uuid7 import new_id
from volunteering.rules.seats import ACTIVE, TAKES_SEAT, SeatUse, SignUpState
from volunteering.store.history import RecordKind, StateChange, record
from volunteering.store.people import with_merged
from volunteering.store.tables import shifts, sign_ups


@dataclass(frozen=True, slots=True)
class SignUp:
    id: str
    shift: str
    person: str
    community: str
    state: str
    asked_at: datetime
    offered_until: datetime | None


_SIGN_UP = columns_of(sign_ups, SignUp)
_ACTIVE = tuple(sorted(state.value for state in ACTIVE))


async def lock_shift(connection: Connection, shift: str) -> None:
    """Lock the shift until the write ends: whoever changes its sign-ups does this first."""
    await connection.execute(select(shifts.c.id).where(shifts.c.id == shift).with_for_update())


async def uses(connection: Connection, seats: dict[str, int]) -> dict[str, SeatUse]:
    """Return the use of the seats of each shift. `seats`: by shift."""
    counted = select(sign_ups.c.shift, sign_ups.c.state, func.count())
    counted = counted.where(sign_ups.c.shift.in_(seats), sign_ups.c.state.in_(_ACTIVE))
    found: dict[str, list[int]] = {shift: [0, 0] for shift in seats}
    for shift, state, count in await connection.execute(counted.group_by(sign_ups.c.shift, sign_ups.c.state)):
        found[shift][0 if state in TAKES_SEAT else 1] += count
    return {shift: SeatUse(seats[shift], taken, waiting) for shift, (taken, waiting) in found.items()}


async def get(connection: Connection, shift: str, person: str) -> SignUp | None:
    wanted = select(*_SIGN_UP).where(sign_ups.c.shift == shift, sign_ups.c.person == person)
    return await fetch_one(connection, SignUp, wanted)


async def active_of(connection: Connection, person: str, now: datetime) -> tuple[SignUp, ...]:
    """Return the person's active sign-ups of shifts that have not ended."""
    wanted = select(*_SIGN_UP).join(shifts, shifts.c.id == sign_ups.c.shift)
    chosen = wanted.where(sign_ups.c.person == person, sign_ups.c.state.in_(_ACTIVE), shifts.c.ends > now)
    return await fetch_all(connection, SignUp, chosen.order_by(shifts.c.starts))


async def every_of(connection: Connection, person: str) -> tuple[SignUp, ...]:
    wanted = select(*_SIGN_UP).where(with_merged(sign_ups.c.person, person)).order_by(sign_ups.c.asked_at)
    return await fetch_all(connection, SignUp, wanted)


async def first_waiting(connection: Connection, shift: str, most: int) -> tuple[SignUp, ...]:
    wanted = select(*_SIGN_UP).where(sign_ups.c.shift == shift, sign_ups.c.state == SignUpState.waiting.value)
    return await fetch_all(connection, SignUp, wanted.order_by(sign_ups.c.asked_at, sign_ups.c.id).limit(most))


async def waiting_before(connection: Connection, own: SignUp) -> int:
    """Return how many people wait before this one."""
    waiting = (sign_ups.c.shift == own.shift) & (sign_ups.c.state == SignUpState.waiting.value)
    earlier = (sign_ups.c.asked_at < own.asked_at) | ((sign_ups.c.asked_at == own.asked_at) & (sign_ups.c.id < own.id))
    counted = select(func.count()).select_from(sign_ups).where(waiting, earlier)
    return int((await connection.execute(counted)).scalar_one())


async def active_in(connection: Connection, shift: str) -> tuple[SignUp, ...]:
    wanted = select(*_SIGN_UP).where(sign_ups.c.shift == shift, sign_ups.c.state.in_(_ACTIVE))
    return await fetch_all(connection, SignUp, wanted.order_by(sign_ups.c.asked_at, sign_ups.c.id))


async def lapsed(connection: Connection, now: datetime) -> tuple[SignUp, ...]:
    """Return the offers that have ended."""
    wanted = select(*_SIGN_UP).where(sign_ups.c.state == SignUpState.offered.value, sign_ups.c.offered_until <= now)
    return await fetch_all(connection, SignUp, wanted.order_by(sign_ups.c.shift).limit(200))


async def ask(connection: Connection, shift: str, person: str, community: str, now: datetime) -> SignUp:
    """Return the person's row for the shift, a new one with the state `left` where there is none."""
    own = await get(connection, shift, person)
    if own is None:
        own = SignUp(new_id(), shift, person, community, SignUpState.left, now, None)
        await connection.execute(sign_ups.insert().values({**asdict(own), "state": own.state}))
    return own


async def change(
    connection: Connection,
    changed: Collection[SignUp],
    state: SignUpState,
    by: str,
    now: datetime,
    *,
    offered_until: datetime | None = None,
    asked: bool = False,
) -> None:
    """Set the state of sign-ups. `by`: "" for all by their own person. `asked`: they begin to wait now."""
    for own in changed:
        new = replace(own, state=state.value, offered_until=offered_until, asked_at=now if asked else own.asked_at)
        values = {"state": new.state, "offered_until": new.offered_until, "asked_at": new.asked_at}
        await connection.execute(update(sign_ups).where(sign_ups.c.id == own.id).values(values))
        await record(connection, StateChange(own.community, own.id, RecordKind.sign_up, state, by or own.person, now))
