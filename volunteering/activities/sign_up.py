"""Sign a person up for a shift, and let them leave; a free seat is offered to the first person who waits.

Each change locks the person, then the shift, so that a seat has one person however many ask at once.
"""

from datetime import datetime
from enum import StrEnum

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.permit import OFFICIAL_TIME
from volunteering.activities.minors import check_minor
from volunteering.messages import notices
from volunteering.rules.message_times import next_daytime
from volunteering.rules.seats import ACTIVE, SignUpState, offer_ends, place_for
from volunteering.store import activities, guardians, login_cards, messages, people, sign_ups
from volunteering.store.activities import ActivityState, ListedShift, Shift
from volunteering.store.people import Person, PersonState
from volunteering.store.sign_ups import SignUp

BY_SERVER = "(server)"
"""Who lets an offer lapse, in the history; not a valid account or person."""


class SignUpProblem(StrEnum):
    closed = "closed"
    """The shift has begun, or was cancelled."""
    overlap = "overlap"
    """The person has another shift at this time."""
    consent = "consent"
    """The person is under 18, and no guardian agrees."""
    company = "company"
    """The person is under 14, and the guardian has no seat in the shift."""
    gone = "gone"
    """There is no offer or sign-up any more."""


async def sign_up(connection: Connection, person: Person, shift_id: str, now: datetime) -> SignUpState | SignUpProblem:
    """Give the person a seat, else a place on the waiting list. Return the state; asking again changes nothing."""
    listed = await _lock(connection, person, shift_id)
    if listed is None or _is_closed(listed, now):
        return SignUpProblem.closed
    shift = listed.shift
    own = await sign_ups.ask(connection, shift.id, person.id, shift.community, now)
    if own.state in ACTIVE:
        return SignUpState(own.state)
    if minor := await check_minor(connection, person, shift.id):
        return SignUpProblem(minor.value)
    if await _overlaps(connection, person.id, shift, now):
        return SignUpProblem.overlap
    use = (await sign_ups.uses(connection, {shift.id: shift.seats}))[shift.id]
    state = place_for(use)
    await sign_ups.change(connection, [own], state, "", now, asked=True)
    return state


async def accept(connection: Connection, person: Person, shift_id: str, now: datetime) -> SignUpState | SignUpProblem:
    """Confirm an offered seat."""
    listed = await _lock(connection, person, shift_id)
    own = await sign_ups.get(connection, shift_id, person.id)
    if listed is None or own is None or _is_closed(listed, now):
        return SignUpProblem.closed
    if own.state == SignUpState.confirmed:
        return SignUpState.confirmed
    if own.state != SignUpState.offered or own.offered_until is None or own.offered_until <= now:
        return SignUpProblem.gone
    if minor := await check_minor(connection, person, shift_id):
        return SignUpProblem(minor.value)
    await sign_ups.change(connection, [own], SignUpState.confirmed, "", now)
    return SignUpState.confirmed


async def leave(connection: Connection, person: Person, shift_id: str, now: datetime) -> SignUpState | SignUpProblem:
    """Give back a seat, an offer or a place on the waiting list, also for children who come with this person."""
    listed = await _lock(connection, person, shift_id)
    own = await sign_ups.get(connection, shift_id, person.id)
    if listed is None or own is None or own.state not in ACTIVE:
        return SignUpProblem.gone
    if _is_closed(listed, now):
        return SignUpProblem.closed
    await sign_ups.change(connection, [own], SignUpState.left, "", now)
    children = await guardians.accompanied_by(connection, person, shift_id)
    await sign_ups.change(connection, children, SignUpState.left, person.id, now)
    await _offer_free_seats(connection, listed.shift, now)
    return SignUpState.left


async def cancel_shift(connection: Connection, shift: Shift, account: str, now: datetime) -> int:
    """Cancel a shift with all its sign-ups; return their number, 0 if it was cancelled already."""
    await sign_ups.lock_shift(connection, shift.id)
    current = (await activities.of_ids(connection, [shift.id]))[shift.id].shift
    if current.state is ActivityState.cancelled:
        return 0
    affected = await sign_ups.active_in(connection, shift.id)
    await sign_ups.change(connection, affected, SignUpState.cancelled, account, now)
    await activities.cancel_shift(connection, shift, account, now)
    if shift.starts > now:
        await notices.cancelled(connection, shift, [own.person for own in affected], now)
    return len(affected)


async def erase_person(connection: Connection, person: Person, now: datetime) -> None:
    """Erase the person's data and give back their seats in coming shifts."""
    for own in await sign_ups.active_of(connection, person.id, now):
        await leave(connection, person, own.shift, now)
    await people.get(connection, person.id, lock=True)
    await login_cards.revoke(connection, person.id, now)
    await messages.drop_for(connection, person.id, now)
    await people.erase(connection, person.id, now)


async def lapse_offers(database: Database, now: datetime) -> None:
    """End offers that nobody confirmed in time, and offer their seats to the next people."""
    async with database.read() as connection:
        ended = await sign_ups.lapsed(connection, now)
    for shift_id in sorted({own.shift for own in ended}):
        async with database.write() as connection:
            await sign_ups.lock_shift(connection, shift_id)
            mine = [own for own in await sign_ups.lapsed(connection, now) if own.shift == shift_id]
            await sign_ups.change(connection, mine, SignUpState.lapsed, BY_SERVER, now)
            listed = (await activities.of_ids(connection, [shift_id]))[shift_id]
            if not _is_closed(listed, now):
                await _offer_free_seats(connection, listed.shift, now)


async def _lock(connection: Connection, person: Person, shift_id: str) -> ListedShift | None:
    """Lock person and shift; return the shift, None if this person may not see it."""
    current = await people.get(connection, person.id, lock=True)
    if current is None or current.state != PersonState.active:
        return None
    await sign_ups.lock_shift(connection, shift_id)
    return await activities.get_shift(connection, person.community, person.environment, shift_id)


def _is_closed(listed: ListedShift, now: datetime) -> bool:
    return listed.shift.state is not ActivityState.open or listed.shift.starts <= now


async def _overlaps(connection: Connection, person: str, shift: Shift, now: datetime) -> bool:
    others = await sign_ups.active_of(connection, person, now)
    found = await activities.of_ids(connection, [own.shift for own in others])
    return any(each.shift.times.overlaps(shift.times) for each in found.values())


async def _offer_free_seats(connection: Connection, shift: Shift, now: datetime) -> tuple[SignUp, ...]:
    use = (await sign_ups.uses(connection, {shift.id: shift.seats}))[shift.id]
    if not use.to_offer:
        return ()
    first = await sign_ups.first_waiting(connection, shift.id, use.to_offer)
    until = offer_ends(next_daytime(now, OFFICIAL_TIME), shift.starts)
    await sign_ups.change(connection, first, SignUpState.offered, BY_SERVER, now, offered_until=until)
    await notices.offered(connection, shift, [own.person for own in first], until, now)
    return first
