"""Staff see names and numbers only with the right for people, and each look is recorded."""

import aiohttp
from sqlalchemy import select

from central_server.accounts.access import RIGHTS, Right, Role
from central_server.parts import DrillContext
from central_server.receipts.sealed_data import open_seal
from central_server.store.accounts import audit_trail
from central_server.store.places.places import TOP
from tests.fakes.central_process import RunningCentral
from tests.unit.volunteering.community_desk import ACTIVITIES, COMMUNITY, NEIGHBOURS, log_in
from tests.unit.volunteering.member_phone import NAME, NUMBER, Phone
from tests.unit.volunteering.test_sign_ups import NOW
from volunteering.part import PART
from volunteering.store.tables import people

PEOPLE = "/staff/volunteers/people"


async def test_only_those_who_care_for_volunteers_see_them_and_every_look_is_recorded(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    path = await (await log_in(central, session, Role.staff)).make_activity()
    phone = Phone.new(central.url)
    await phone.join(path)
    await phone.act(path, "sign-up")
    await phone.session.close()
    shift = f"/staff/volunteers/shifts/{path.rpartition('/')[2]}"
    for role in (each for each in Role if Right.see in RIGHTS[each]):
        desk = await log_in(central, session, role)
        page = await desk.open(shift)
        assert (page.status, NAME in page.text()) == (200, False), role
        csrf = page.html.split('name="csrf" value="')[1][:64]
        shown = await desk.donor.send(f"{central.url}{shift}/names", {"csrf": csrf})
        found = await desk.donor.send(central.url + PEOPLE, {"csrf": csrf, "place": COMMUNITY, "number": NUMBER})
        for answer in (shown, found):
            allowed = role is Role.steward
            assert (answer.status, NAME in answer.text(), NUMBER in answer.text()) == (
                (200, True, True) if allowed else (404, False, False)
            ), role
    steward = await log_in(central, session, Role.steward, NEIGHBOURS)
    page = await steward.open(PEOPLE)
    csrf = page.html.split('name="csrf" value="')[1][:64]
    for place, number, status, words in (
        (COMMUNITY, NUMBER, 404, ""),
        (NEIGHBOURS, NUMBER, 200, "Nobody in this community"),
        (NEIGHBOURS, "123", 422, "not a mobile number"),
    ):
        answer = await steward.donor.send(central.url + PEOPLE, {"csrf": csrf, "place": place, "number": number})
        assert (answer.status, words in answer.text(), NAME in answer.text()) == (status, True, False)
    assert (await steward.open(shift)).status == 404
    async with central.database() as database, database.read() as connection:
        entries = [entry for _, entry in await audit_trail.page(connection, [TOP])]
        (person,) = (await connection.execute(select(people.c.id))).scalars()
    looks = [(each.account, each.place, each.action.name, each.action.subject) for each in entries]
    assert [each for each in looks if each[2].startswith("volunteer")] == [
        (f"{NEIGHBOURS}-steward", NEIGHBOURS, "volunteer.look_up", ""),
        (f"{COMMUNITY}-steward", COMMUNITY, "volunteer.look_up", person),
        (f"{COMMUNITY}-steward", COMMUNITY, "volunteers.show", shift.rpartition("/")[2]),
    ]


def test_no_other_role_has_the_right() -> None:
    assert [role for role in Role if Right.people in RIGHTS[role]] == [Role.steward]


async def test_a_drill_has_activities_with_people(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    async with central.database() as database:
        seal = await open_seal(database, central.state, None)
        await PART.fill_drill(DrillContext(database, seal, COMMUNITY, NOW))
    desk = await log_in(central, session, Role.steward)
    listed = await desk.open(ACTIVITIES)
    assert listed.status == 200
    waiting = (await desk.open("/staff/volunteers/requests")).text()
    assert ("to be checked" in waiting, "someone helps" in waiting) == (True, True)
    phone = Phone.new(central.url)
    assert (await phone.open(f"/community/{COMMUNITY}")).status == 200
    await phone.session.close()
    async with central.database() as database, database.read() as connection:
        assert len((await connection.execute(select(people.c.id))).all()) == 24
