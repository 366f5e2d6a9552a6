"""Seats, waiting list, offers and overlaps, in the database; and what phones and staff see of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import aiohttp
from sqlalchemy import func, select

from central_server.accounts.access import Role
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.engine.part_schema import migrate_part
from sync_contract.project import Texts
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import RunningCentral
from tests.unit.volunteering.community_desk import ACTIVITIES, COMMUNITY, NEIGHBOURS, activity, log_in
from tests.unit.volunteering.member_phone import Phone
from volunteering.activities.activity_form import NewActivity
from volunteering.activities.make_activity import make_activity
from volunteering.activities.sign_up import SignUpProblem, accept, erase_person, lapse_offers, leave, sign_up
from volunteering.rules.seats import OFFER_LASTS, SeatUse, SignUpState, offer_ends, place_for
from volunteering.rules.shift_times import ShiftTimes
from volunteering.store import people, sign_ups
from volunteering.store.people import Person
from volunteering.store.schema import SCHEMA
from volunteering.store.tables import shifts, state_changes

NOW = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)
TEXTS = Texts.model_validate({"zh-Hans": "送餐", "zh-Hant": "送餐", "en": "Meals"})
Action = Callable[[Connection, Person, str, datetime], Awaitable[SignUpState | SignUpProblem]]


async def shift(
    database: Database, seats: int, hours: float = 24, length: float = 2, community: str = COMMUNITY
) -> str:
    """Make a shift that begins in `hours`; return its id."""
    times = ShiftTimes(NOW + timedelta(hours=hours), NOW + timedelta(hours=hours + length))
    async with database.write() as connection:
        new = NewActivity(community, TEXTS, None, TEXTS, (times,), seats)
        made = await make_activity(connection, new, "drill", "clerk", NOW)
        found = await connection.execute(select(shifts.c.id).where(shifts.c.opportunity == made.id))
        return str(found.scalar_one())


async def members(database: Database, count: int, community: str = COMMUNITY) -> list[Person]:
    added = [Person(new_id(), community, "drill", "active", new_id(), "key", b"sealed", NOW) for _ in range(count)]
    async with database.write() as connection:
        for person in added:
            await people.add(connection, person)
    return added


async def do(database: Database, action: Action, person: Person, of: str, at: datetime = NOW) -> str:
    return str(await database.grouped(partial(_call, action, person, of, at)))


async def _call(
    action: Action, person: Person, of: str, at: datetime, connection: Connection
) -> SignUpState | SignUpProblem:
    return await action(connection, person, of, at)


async def states(database: Database, of: str) -> list[str]:
    async with database.read() as connection:
        return [own.state for own in await sign_ups.active_in(connection, of)]


async def test_of_many_phones_at_once_exactly_as_many_get_a_seat_as_there_are(database: Database) -> None:
    await migrate_part(database, SCHEMA)
    crowd = await members(database, 60)
    of = await shift(database, 7)
    twice = [*crowd, *crowd]
    results = await asyncio.gather(*(do(database, sign_up, person, of) for person in twice))
    assert sorted(results[:60]) == ["confirmed"] * 7 + ["waiting"] * 53
    assert results[:60] == results[60:], "asking again changes nothing"
    assert sorted(await states(database, of)) == ["confirmed"] * 7 + ["waiting"] * 53
    async with database.read() as connection:
        changes = select(func.count()).select_from(state_changes).where(state_changes.c.kind == "sign_up")
        assert (await connection.execute(changes)).scalar_one() == 60


async def test_a_free_seat_is_offered_in_order_and_lapses_to_the_next(database: Database) -> None:
    await migrate_part(database, SCHEMA)
    first, second, third, fourth = await members(database, 4)
    of = await shift(database, 1)
    for number, person in enumerate((first, second, third)):
        await do(database, sign_up, person, of, NOW + timedelta(minutes=number))
    at = NOW + timedelta(hours=1)
    assert await do(database, leave, first, of, at) == "left"
    assert await states(database, of) == ["offered", "waiting"]
    assert await do(database, sign_up, fourth, of, at) == "waiting", "the free seat is reserved"
    assert await do(database, accept, third, of, at) == "gone", "not yet their turn"
    late = at + OFFER_LASTS
    assert await do(database, accept, second, of, late) == "gone", "twelve hours are over"
    await lapse_offers(database, late - timedelta(seconds=1))
    assert await states(database, of) == ["offered", "waiting", "waiting"]
    await lapse_offers(database, late)
    assert await states(database, of) == ["offered", "waiting"]
    assert await do(database, accept, third, of, late) == "confirmed"
    assert await do(database, accept, third, of, late) == "confirmed", "touched twice"
    assert await do(database, sign_up, second, of, late) == "waiting", "behind everybody"
    async with database.write() as connection:
        await erase_person(connection, third, late)
    assert await states(database, of) == ["offered", "waiting"]


async def test_a_sign_up_is_refused_where_it_cannot_be(database: Database) -> None:
    await migrate_part(database, SCHEMA)
    person, other = await members(database, 2)
    (neighbour,) = await members(database, 1, NEIGHBOURS)
    over_new_year = await shift(database, 5, hours=10, length=8)
    cases = {
        "within": (11, 1, SignUpProblem.overlap),
        "around": (9, 10, SignUpProblem.overlap),
        "after": (18, 1, SignUpState.confirmed),
        "before": (8, 2, SignUpState.confirmed),
    }
    assert await do(database, sign_up, person, over_new_year) == "confirmed"
    for name, (hours, length, expected) in cases.items():
        assert await do(database, sign_up, person, await shift(database, 5, hours, length)) == expected, name
    assert await do(database, sign_up, neighbour, over_new_year) == "closed", "another community's shift"
    assert await do(database, sign_up, other, new_id()) == "closed"
    assert await do(database, leave, other, over_new_year) == "gone"
    started = NOW + timedelta(hours=10)
    assert await do(database, sign_up, other, over_new_year, started) == "closed"
    assert await do(database, leave, person, over_new_year, started) == "closed"


def test_seats_are_given_in_turn() -> None:
    assert place_for(SeatUse(2, 1, 0)) is SignUpState.confirmed
    assert place_for(SeatUse(2, 1, 1)) is SignUpState.waiting, "someone waits for the free seat"
    assert place_for(SeatUse(2, 2, 0)) is SignUpState.waiting
    assert [SeatUse(4, taken, waiting).to_offer for taken, waiting in ((4, 9), (3, 9), (1, 2), (5, 1))] == [0, 1, 2, 0]
    assert offer_ends(NOW, NOW + timedelta(hours=3)) == NOW + timedelta(hours=3), "before the shift begins"


async def test_a_full_shift_has_a_waiting_list_and_staff_can_cancel_it(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    desk = await log_in(central, session, Role.staff)
    path = await desk.make_activity(seats="1")
    first, second = Phone.new(central.url), Phone.new(central.url)
    for phone, number in ((first, "13800000001"), (second, "13800000002")):
        await phone.join(path, number)
        await phone.act(path, "sign-up")
    assert "You are on the waiting list" in (await second.open(path)).text()
    await first.act(path, "leave")
    offered = await second.open(path)
    assert "A place is free for you until" in offered.text()
    assert "You have a place" in (await second.act(path, "accept")).text()
    listed = await desk.open(ACTIVITIES)
    assert "1 of 1" in listed.text()
    shift_id = path.rpartition("/")[2]
    csrf = listed.html.split('name="csrf" value="')[1][:64]
    other = await log_in(central, session, Role.staff, NEIGHBOURS)
    page = await other.open(f"{ACTIVITIES}/new")
    theirs = page.html.split('name="csrf" value="')[1][:64]
    url = f"{central.url}{ACTIVITIES}/{shift_id}/cancel"
    assert (await other.donor.send(url, {"csrf": theirs})).status == 404
    assert "You have a place" in (await second.open(path)).text()
    desk = await log_in(central, session, Role.admin)
    csrf = (await desk.open(ACTIVITIES)).html.split('name="csrf" value="')[1][:64]
    assert "Cancelled" in (await desk.donor.send(url, {"csrf": csrf})).text()
    assert "Cancelled" in (await second.open(path)).text()
    assert activity()["title_en"] not in (await second.open(f"/community/{COMMUNITY}/me")).text()
    for phone in (first, second):
        await phone.session.close()
