"""Under 18 a guardian agrees with a code, and under 14 the guardian comes along. About 4 CPU-s."""

import json
from datetime import UTC, datetime, timedelta

import aiohttp
from sqlalchemy import select

from central_server.accounts.access import Role
from central_server.store.engine.database import Database
from central_server.store.engine.part_schema import migrate_part
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Page
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, log_in
from tests.unit.volunteering.member_phone import NAME, NUMBER, Phone, code_on, press
from tests.unit.volunteering.test_sign_ups import NOW, do, members, shift, states
from volunteering.activities.sign_up import leave, sign_up
from volunteering.rules.minors import AgeBand, MinorProblem, judge_minor
from volunteering.store import guardians, one_time_codes, people
from volunteering.store.guardians import Guardian
from volunteering.store.people import Person
from volunteering.store.schema import SCHEMA
from volunteering.store.tables import consents
from volunteering.store.tables import people as rows

GUARDIAN, OWN, PEOPLE = "13805950007", f"/community/{COMMUNITY}/me", "/staff/volunteers/people"


async def _count(central: RunningCentral) -> int:
    async with central.database() as database, database.read() as connection:
        return len((await connection.execute(select(rows.c.id))).all())


async def test_a_minor_joins_only_when_the_guardian_agrees_with_a_code(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    path = await (await log_in(central, session, Role.staff)).make_activity()
    phone = Phone.new(central.url)
    sent = await phone.ask_code(path)
    fields = {"code": code_on(sent), "name": NAME, "consent": "yes", "age": "youth"}
    for guardian in ("", "12345", NUMBER):
        refused = await phone.donor.press(sent, **fields, guardian=guardian)
        assert (refused.status, "a guardian's consent" in refused.text()) == (422, True), guardian
    asked = await phone.donor.press(sent, **fields, guardian=GUARDIAN)
    assert "138****0007" in asked.text()
    code = code_on(asked)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for typed, agrees, words in (
        (code, "", "Without the guardian's consent"),
        (wrong, "yes", "This code is wrong"),
    ):
        page = await phone.donor.press(asked, guardian_code=typed, guardian_agrees=agrees)
        assert (page.status, words in page.text()) == (422, True), page.text()
    assert await _count(central) == 0, "nothing is stored before"
    await _a_childs_own_code_does_not_do(phone, asked, code_on(sent))
    joined = await phone.donor.press(asked, guardian_code=code, guardian_agrees="yes")
    assert joined.url.endswith(path), joined.text()
    assert "You have a place" in (await press(phone.donor, joined, "sign-up")).text()
    taken = json.loads((await phone.act(OWN, "data.json")).html)
    assert (taken["birth_band"], taken["guardians"][0]["mobile"]) == ("youth", GUARDIAN)
    assert [each["purpose"] for each in taken["consents"]] == ["activities", "guardian"]
    await phone.act(path, "leave")
    await _the_consent_ends_at_the_desk(central, session, phone, path)
    await phone.session.close()


async def _a_childs_own_code_does_not_do(phone: Phone, asked: Page, own: str) -> None:
    page = await phone.donor.press(asked, guardian_code=own, guardian_agrees="yes")
    assert "This code is wrong" in page.text()


async def _the_consent_ends_at_the_desk(
    central: RunningCentral, session: aiohttp.ClientSession, phone: Phone, path: str
) -> None:
    desk = await log_in(central, session, Role.steward)
    found = await desk.send(PEOPLE, place=COMMUNITY, number=NUMBER)
    target = next(part for part in found.html.split('"') if part.endswith("/guardian/end"))
    neighbour = await log_in(central, session, Role.steward, NEIGHBOURS)
    csrf = (await neighbour.open(PEOPLE)).html.split('name="csrf" value="')[1][:64]
    assert (await neighbour.donor.send(central.url + target, {"csrf": csrf})).status == 404
    desk = await log_in(central, session, Role.steward)
    assert (await press(desk.donor, await desk.send(PEOPLE, place=COMMUNITY, number=NUMBER), "end")).status == 200
    refused = await phone.act(path, "sign-up")
    assert (refused.status, "no guardian agrees" in refused.text()) == (409, True)
    async with central.database() as database, database.read() as connection:
        given = (await connection.execute(select(consents.c.purpose).where(consents.c.withdrawn_at.is_(None)))).all()
    assert [row.purpose for row in given] == ["activities"]


async def test_a_minor_is_not_registered_at_the_desk_and_is_nobodys_guardian(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    desk = await log_in(central, session, Role.steward)
    form = {"place": COMMUNITY, "name": NAME, "number": "", "consent": "yes", "age": "youth"}
    refused = await desk.send("/staff/volunteers/desk", **form)
    assert (refused.status, "a guardian must agree" in refused.text()) == (422, True)
    path = await (await log_in(central, session, Role.staff)).make_activity()
    older, younger = Phone.new(central.url), Phone.new(central.url)
    sent = await older.ask_code(path)
    fields = {"name": NAME, "consent": "yes", "age": "youth"}
    asked = await older.donor.press(sent, **fields, code=code_on(sent), guardian=GUARDIAN)
    await older.donor.press(asked, guardian_code=code_on(asked), guardian_agrees="yes")
    async with central.database() as database, database.write() as connection:
        await one_time_codes.forget(connection, datetime.now(UTC))
    sent = await younger.ask_code(path, "13805950008")
    page = await younger.donor.press(sent, **fields, code=code_on(sent), guardian=NUMBER)
    assert "of an adult" in page.text()
    for each in (older, younger):
        await each.session.close()


async def test_a_child_takes_part_with_the_guardian_only(database: Database) -> None:
    await migrate_part(database, SCHEMA)
    guardian, other = await members(database, 2)
    child = Person(new_id(), COMMUNITY, "drill", "active", new_id(), "key", b"s", NOW, birth_band=AgeBand.child)
    async with database.write() as connection:
        await people.add(connection, child)
    of = await shift(database, 4)
    assert await do(database, sign_up, child, of) == "consent"
    async with database.write() as connection:
        given = (new_id(), COMMUNITY, "drill", child.id, str(guardian.number_hash), b"s", "v", NOW, None)
        await guardians.add(connection, Guardian(*given))
    await do(database, sign_up, other, of)
    assert await do(database, sign_up, child, of) == "company", "another adult is not the guardian"
    await do(database, sign_up, guardian, of)
    assert await do(database, sign_up, child, of) == "confirmed"
    assert await do(database, leave, guardian, of, NOW + timedelta(hours=1)) == "left"
    assert await states(database, of) == ["confirmed"], "the child left with the guardian"


def test_what_a_minor_needs() -> None:
    assert judge_minor("adult", consent=False, accompanied=False) is None
    assert judge_minor("youth", consent=False, accompanied=True) is MinorProblem.consent
    assert judge_minor("youth", consent=True, accompanied=False) is None
    assert judge_minor("child", consent=True, accompanied=False) is MinorProblem.company
    assert judge_minor("child", consent=True, accompanied=True) is None
