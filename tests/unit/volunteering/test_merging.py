"""Two records become one only if two accounts agree and neither person objects. About 5 CPU-s."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import aiohttp
from sqlalchemy import select

from central_server.accounts.access import Role
from central_server.store.engine.database import Database
from central_server.store.engine.part_schema import migrate_part
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import RunningCentral
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, log_in
from tests.unit.volunteering.member_phone import NAME, NUMBER, Phone, press
from tests.unit.volunteering.test_sign_ups import NOW, do, members, shift
from volunteering.activities.sign_up import sign_up
from volunteering.merging.merge_people import approve, end, finish_due, propose
from volunteering.rules.merges import LAPSES, MAY_OBJECT, MergeProblem, MergeState
from volunteering.store import merges, people, service_records
from volunteering.store.merges import Merge
from volunteering.store.people import Person
from volunteering.store.schema import SCHEMA
from volunteering.store.service_records import ServiceRecord
from volunteering.store.tables import messages

MERGES, OWN = "/staff/volunteers/merges", f"/community/{COMMUNITY}/me"
OTHER = "13805950002"


async def serve(database: Database, person: Person, day: int, minutes: int) -> None:
    starts = NOW - timedelta(days=day)
    at = (starts, starts, starts + timedelta(minutes=minutes), minutes)
    row = ServiceRecord(
        new_id(), person.community, "drill", person.id, "request", new_id(), 0, *at, 1, "organiser", False, "clerk",
        None, "", "", "clerk", NOW,
    )  # fmt: skip
    async with database.write() as connection:
        await service_records.add(connection, row)


async def minutes_of(database: Database, *persons: Person) -> list[int]:
    async with database.read() as connection:
        found = [await service_records.minutes_by_evidence(connection, person.id) for person in persons]
    return [sum(each.values()) for each in found]


async def ask(database: Database, ends: Person, remains: Person | None, account: str = "clerk") -> Merge | MergeProblem:
    async with database.write() as connection:
        return await propose(connection, ends, remains, account, NOW)


async def agree(database: Database, merge: Merge | MergeProblem, account: str) -> MergeProblem | None:
    assert isinstance(merge, Merge), merge
    async with database.write() as connection:
        current = await merges.get(connection, merge.id, lock=True)
        assert current is not None
        return await approve(connection, current, account, NOW)


async def states(database: Database, persons: Sequence[Person]) -> list[str]:
    async with database.read() as connection:
        found = await people.of_ids(connection, [each.id for each in persons])
    return [found[each.id].state for each in persons]


async def test_hours_move_only_after_two_accounts_agreed_and_the_period_is_over(database: Database) -> None:
    await migrate_part(database, SCHEMA)
    first, second, third, twin = await members(database, 4)
    (stranger,) = await members(database, 1, NEIGHBOURS)
    for person, day, minutes in ((first, 1, 120), (second, 2, 60), (third, 5, 30), (twin, 1, 30)):
        await serve(database, person, day, minutes)
    for pair, problem in (
        ((first, first), MergeProblem.same),
        ((first, stranger), MergeProblem.unknown),
        ((first, None), MergeProblem.unknown),
        ((first, replace(second, environment="real")), MergeProblem.unknown),
        ((first, twin), MergeProblem.overlap),
    ):
        assert await ask(database, *pair) is problem
    made = await ask(database, first, second)
    assert await ask(database, third, second, "another") is MergeProblem.under_way
    assert await agree(database, made, "clerk") is MergeProblem.own_proposal, "one account twice"
    assert await agree(database, made, "another") is None
    assert await agree(database, made, "third") is MergeProblem.ended
    async with database.read() as connection:
        notified = (await connection.execute(select(messages.c.recipient, messages.c.kind))).all()
    assert sorted(tuple(row) for row in notified) == sorted((each.id, "merging") for each in (first, second))
    await finish_due(database, NOW + MAY_OBJECT - timedelta(seconds=1))
    assert await minutes_of(database, first, second) == [120, 60], "the period is not over"
    coming = await shift(database, 3, hours=24 * 9)
    await do(database, sign_up, first, coming)
    for _ in range(2):
        await finish_due(database, NOW + MAY_OBJECT)
    assert await states(database, [first, second]) == ["merged", "active"]
    assert await minutes_of(database, second) == [180]
    assert await do(database, sign_up, first, coming) == "closed", "the record that ended acts no more"
    again = await ask(database, second, third)
    await agree(database, again, "another")
    await finish_due(database, NOW + MAY_OBJECT)
    assert await minutes_of(database, third) == [210], "of a record that was joined before, too"


async def test_an_objection_an_overlap_and_time_end_a_merge(database: Database) -> None:
    await migrate_part(database, SCHEMA)
    first, second = await members(database, 2)
    made = await ask(database, first, second)
    await agree(database, made, "another")
    assert isinstance(made, Merge)
    async with database.write() as connection:
        current = await merges.get(connection, made.id)
        assert current is not None
        assert await end(connection, current, MergeState.objected, first.id, NOW) is None
    lapsing = await ask(database, first, second)
    await finish_due(database, NOW + LAPSES)
    assert await agree(database, lapsing, "another") is MergeProblem.ended
    served = await ask(database, first, second)
    await agree(database, served, "another")
    for person in (first, second):
        await serve(database, person, 1, 60)
    await finish_due(database, NOW + MAY_OBJECT)
    assert await states(database, [first, second]) == ["active", "active"]
    async with database.read() as connection:
        ended = [await merges.get(connection, each.id) for each in (made, lapsing, served) if isinstance(each, Merge)]
    assert [each.state for each in ended if each is not None] == ["objected", "lapsed", "declined"]


async def test_two_stewards_decide_and_a_person_objects(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    path = await (await log_in(central, session, Role.staff)).make_activity()
    phones = [Phone.new(central.url) for _ in range(3)]
    for phone, number in zip(phones, (NUMBER, OTHER, "13805950003"), strict=True):
        await phone.join(path, number)
    desk = await log_in(central, session, Role.steward)
    unknown = await desk.send(MERGES, place=COMMUNITY, ends=NUMBER, remains="13805950009")
    assert "not a member of this community" in unknown.text()
    proposed = await desk.send(MERGES, place=COMMUNITY, ends=NUMBER, remains=OTHER)
    assert (NAME in proposed.text(), "waits for a second person" in proposed.text()) == (False, True)
    looked = await press(desk.donor, proposed, "look")
    assert (NAME in looked.text(), "Approve: it is one person" in looked.text()) == (True, False)
    merge = next(part for part in looked.html.split('"') if part.endswith("/look")).removesuffix("/look")
    csrf = looked.html.split('name="csrf" value="')[1][:64]
    own = await desk.donor.send(f"{central.url}{merge}/approve", {"csrf": csrf})
    assert "You proposed it" in own.text()
    for role, place in ((Role.steward, NEIGHBOURS), (Role.chief, COMMUNITY)):
        other = await log_in(central, session, role, place)
        csrf = (await other.open("/staff/volunteers/today")).html.split('name="csrf" value="')[1][:64]
        for action in ("look", "approve", "decline"):
            assert (await other.donor.send(f"{central.url}{merge}/{action}", {"csrf": csrf})).status == 404
    second = await log_in(central, session, Role.steward, second="-2")
    looked = await press(second.donor, await second.open(MERGES), "look")
    assert "both may object" in (await press(second.donor, looked, "approve")).text()
    assert "Two records are to become one" not in (await phones[2].open(OWN)).text()
    page = await phones[1].open(OWN)
    assert "Two records are to become one" in page.text()
    target = next(part for part in page.html.split('"') if part.endswith("/object"))
    stranger = (await phones[2].open(OWN)).html.split('name="csrf" value="')[1][:64]
    assert (await phones[2].donor.send(central.url + target, {"csrf": stranger})).status == 404
    assert "Two records" not in (await press(phones[1].donor, page, "object")).text()
    assert "objected" in (await second.open(MERGES)).text()
    for phone in phones:
        await phone.session.close()
