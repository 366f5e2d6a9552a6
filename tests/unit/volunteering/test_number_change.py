"""A number that changed hands shows its new holder nothing, and its former holder loses nothing. About 5 CPU-s."""

import json
from datetime import UTC, datetime

import aiohttp
from sqlalchemy import select

from central_server.accounts.access import Role
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Page
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, log_in
from tests.unit.volunteering.member_phone import NAME, NUMBER, Phone, code_on, press
from tests.unit.volunteering.test_login_cards import LOGIN, OWN, code_of
from volunteering.people.number_change import is_same_name
from volunteering.store import one_time_codes
from volunteering.store.tables import codes, people

PEOPLE = "/staff/volunteers/people"
NEW_HOLDER, NEW_NUMBER = "林先生", "13805950009"


async def _let_pass_a_minute(central: RunningCentral) -> None:
    """Forget that codes were sent, so that a number may ask again."""
    async with central.database() as database, database.write() as connection:
        await one_time_codes.forget(connection, datetime.now(UTC))
        assert (await connection.execute(select(codes.c.id))).all() == []


async def test_the_new_holder_sees_nothing_and_the_former_one_recovers_at_the_desk(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    path = await (await log_in(central, session, Role.staff)).make_activity()
    former, holder = Phone.new(central.url), Phone.new(central.url)
    await former.join(path)
    await former.act(path, "sign-up")
    desk = await log_in(central, session, Role.steward)
    printed = await press(desk.donor, await desk.send(PEOPLE, place=COMMUNITY, number=NUMBER), "login-card")
    card = code_of(printed)
    await _let_pass_a_minute(central)
    sent = await holder.ask_code(path)
    code = code_on(sent)
    refused = await holder.donor.press(sent, code=code, name=NEW_HOLDER, consent="yes")
    assert (refused.status, "under another name" in refused.text()) == (422, True)
    for page in (sent, refused):
        assert NAME not in page.text()
    no_consent = await holder.donor.press(refused, code=code, name=NEW_HOLDER, holder="yes")
    assert "without your consent" in no_consent.text()
    assert "You have a place" in (await former.open(path)).text(), "nothing was released without consent"
    joined = await holder.donor.press(refused, code=code, name=NEW_HOLDER, consent="yes", holder="yes")
    assert "You have a place" not in joined.text()
    taken = json.loads((await holder.act(OWN, "data.json")).html)
    assert (taken["name"], taken["sign_ups"], taken["login_cards"], taken["pictures"]) == (NEW_HOLDER, [], [], [])
    assert "/join" in (await former.open(OWN)).url, "logins with the number ended"
    own = await former.donor.press(await former.open(LOGIN), code=card)
    assert (NAME in own.text(), "138****1234" in own.text(), "Hot meals" in own.text()) == (True, False, True)
    await _gets_another_number(central, session, former, card)
    for each in (former, holder):
        await each.session.close()


async def _gets_another_number(
    central: RunningCentral, session: aiohttp.ClientSession, former: Phone, card: str
) -> None:
    desk = await log_in(central, session, Role.steward)
    found = await desk.send(PEOPLE, place=COMMUNITY, number=card)
    async with central.database() as database, database.read() as connection:
        wanted = select(people.c.id).where(people.c.number_hash.is_(None))
        at = f"{PEOPLE}/{(await connection.execute(wanted)).scalar_one()}/number"
    assert at in found.html
    assert "eleven digits" in (await desk.send(at, number="12345")).text()
    await _let_pass_a_minute(central)
    known = await desk.send(at, number=NUMBER)
    assert "Another member" in (await desk.donor.press(known, code=code_on(known))).text()
    sent = await desk.send(at, number=NEW_NUMBER)
    code = code_on(sent)
    wrong = await desk.donor.press(sent, code=f"{(int(code) + 1) % 10**6:06}")
    assert (wrong.status, "This code is wrong" in wrong.text()) == (422, True)
    await _is_refused_to_others(central, session, at, sent, code)
    desk = await log_in(central, session, Role.steward)
    csrf = (await desk.open(at)).html.split('name="csrf" value="')[1][:64]
    ticket = sent.html.split('name="ticket" value="')[1][:32]
    done = await desk.donor.send(f"{central.url}{at}/confirm", {"csrf": csrf, "ticket": ticket, "code": code})
    assert "The number was changed" in done.text(), done.text()
    assert "/join" in (await former.open(OWN)).url
    own = await former.donor.press(await former.open(LOGIN), code=card)
    assert "138****0009" in own.text()


async def _is_refused_to_others(
    central: RunningCentral, session: aiohttp.ClientSession, at: str, sent: Page, code: str
) -> None:
    ticket = sent.html.split('name="ticket" value="')[1][:32]
    for role, place in ((Role.steward, NEIGHBOURS), (Role.admin, COMMUNITY)):
        other = await log_in(central, session, role, place)
        csrf = (await other.open("/staff/volunteers/today")).html.split('name="csrf" value="')[1][:64]
        assert (await other.open(at)).status == 404
        for path, fields in ((at, {"number": NEW_NUMBER}), (f"{at}/confirm", {"ticket": ticket, "code": code})):
            assert (await other.donor.send(central.url + path, {"csrf": csrf, **fields})).status == 404


async def test_names_cannot_be_guessed(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    path = await (await log_in(central, session, Role.staff)).make_activity()
    former, thief = Phone.new(central.url), Phone.new(central.url)
    await former.join(path)
    await _let_pass_a_minute(central)
    sent = await thief.ask_code(path)
    code = code_on(sent)
    for number in range(5):
        await thief.donor.press(sent, code=code, name=f"陈{number}", consent="yes")
    late = await thief.donor.press(sent, code=code, name=NAME, consent="yes")
    assert "no longer valid" in late.text(), "the sixth name"
    for each in (former, thief):
        await each.session.close()


def test_a_name_is_the_same_in_another_width_or_case() -> None:
    assert is_same_name("Lin Ming", "ＬＩＮ　ming ")
    assert is_same_name("陈 阿姨", "陈阿姨")
    assert not is_same_name("陈阿姨", "陳阿姨")
    assert not is_same_name("陈", "")
