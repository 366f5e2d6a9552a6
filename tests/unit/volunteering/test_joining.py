"""People join and log in at the running server with a number and a one-time code, and take their data away."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from sqlalchemy import select

from central_server.accounts.access import Role
from tests.fakes.central_process import RunningCentral
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, log_in
from tests.unit.volunteering.member_phone import NAME, NUMBER, Phone, code_on, press
from volunteering.rules.one_time_code import (
    A_DAY,
    MAX_A_DAY,
    MAX_TRIES,
    PAUSE,
    VALID,
    CodeProblem,
    IssuedCode,
    judge_code,
    may_send,
    read_code,
)
from volunteering.rules.phone_number import hide_middle, read_mobile
from volunteering.store.tables import metadata

AT = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)


@pytest.fixture
async def phone(central: RunningCentral) -> AsyncIterator[Phone]:
    phone = Phone.new(central.url)
    yield phone
    await phone.session.close()


async def test_four_touches_lead_from_the_code_on_a_poster_to_a_seat(
    central: RunningCentral, session: aiohttp.ClientSession, phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    path = await (await log_in(central, session, Role.staff)).make_activity()
    shown = await phone.open(path)
    asked = await phone.follow(shown)  # 1: take part
    sent = await phone.donor.press(asked, number="+86 138-0595 1234")  # 2: send the code
    assert "Drill: no message was sent" in sent.text()
    assert "138****1234" in sent.text()
    back = await phone.donor.press(sent, code=code_on(sent), name=NAME, consent="yes")  # 3: continue
    assert back.url.endswith(path)
    seated = await press(phone.donor, back, "sign-up")  # 4: take part
    assert "You have a place" in seated.text()
    assert "2 of 3 places are free" in seated.text()
    await _is_stored_sealed(central, phone, caplog)
    await _takes_the_data_away_and_erases_them(central, phone, path)


async def _is_stored_sealed(central: RunningCentral, phone: Phone, caplog: pytest.LogCaptureFixture) -> None:
    own = await phone.open(f"/community/{COMMUNITY}/me")
    assert NAME in own.text()
    async with central.database() as database, database.read() as connection:
        stored = {table.name: str((await connection.execute(select(table))).all()) for table in metadata.sorted_tables}
    for text in (*stored.values(), caplog.text):
        assert NAME not in text
        assert NUMBER not in text
    assert stored["vol_people"] != "[]" != stored["vol_consents"]
    strangers = Phone.new(central.url)
    assert "/join" in (await strangers.open(f"/community/{COMMUNITY}/me")).url
    await strangers.session.close()
    assert "/join" in (await phone.open(f"/community/{NEIGHBOURS}/me")).url, "a session is of one community"


async def _takes_the_data_away_and_erases_them(central: RunningCentral, phone: Phone, path: str) -> None:
    own = f"/community/{COMMUNITY}/me"
    taken = json.loads((await phone.act(own, "data.json")).html)
    assert (taken["name"], taken["mobile"], len(taken["sign_ups"]), len(taken["consents"])) == (NAME, NUMBER, 1, 1)
    assert "Your data were erased" in (await phone.act(own, "erase")).text()
    assert "/join" in (await phone.open(own)).url
    assert "3 of 3 places are free" in (await phone.open(path)).text()
    async with central.database() as database, database.read() as connection:
        people = (await connection.execute(select(metadata.tables["vol_people"]))).all()
    assert [(row.state, row.number_hash, bytes(row.sealed)) for row in people] == [("erased", None, b"")]


async def test_a_code_proves_the_number_and_nothing_exists_without_it(
    central: RunningCentral, session: aiohttp.ClientSession, phone: Phone
) -> None:
    path = await (await log_in(central, session, Role.staff)).make_activity()
    asked = await phone.follow(await phone.open(path))
    assert "eleven digits" in (await phone.donor.press(asked, number="12345")).text()
    sent = await phone.ask_code(path)
    code = code_on(sent)
    other = await phone.ask_code(path)
    assert (other.status, "wait a minute" in other.text()) == (429, True)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for typed, name, consent, words in (
        (wrong, NAME, "yes", "This code is wrong"),
        ("12", NAME, "yes", "This code is wrong"),
        (code, " ", "yes", "please write your name"),
        (code, NAME, "", "without your consent nothing is stored"),
    ):
        page = await phone.donor.press(sent, code=typed, name=name, consent=consent)
        assert (page.status, words in page.text()) == (422, True), page.text()
    async with central.database() as database, database.read() as connection:
        assert (await connection.execute(select(metadata.tables["vol_people"]))).all() == []
    for _ in range(MAX_TRIES - 2):
        await phone.donor.press(sent, code=wrong, name=NAME, consent="yes")
    ended = await phone.donor.press(sent, code=code, name=NAME, consent="yes")
    assert "no longer valid" in ended.text(), "the sixth try with the right code"
    neighbours = re.sub(f"/community/{COMMUNITY}/", f"/community/{NEIGHBOURS}/", sent.html)
    sent.html = neighbours
    assert "no longer valid" in (await phone.donor.press(sent, code=code, name=NAME, consent="yes")).text()
    forged = await phone.donor.send(f"{central.url}{path}/sign-up", {"csrf": "0" * 64})
    assert forged.status == 403


def test_codes_are_limited() -> None:
    second = timedelta(seconds=1)
    assert may_send([], AT) is None
    assert may_send([AT - PAUSE + second], AT) is CodeProblem.too_soon
    assert may_send([AT - PAUSE], AT) is None
    many = [AT - A_DAY + second + n * PAUSE for n in range(MAX_A_DAY)]
    assert may_send(many, AT) is CodeProblem.too_many
    assert may_send([AT - A_DAY, *many[1:]], AT) is None
    good = IssuedCode(AT, 0, ended=False)
    assert judge_code(good, matches=True, now=AT + VALID - second) is None
    assert judge_code(good, matches=True, now=AT + VALID) is CodeProblem.ended
    assert judge_code(good, matches=False, now=AT) is CodeProblem.wrong
    assert judge_code(IssuedCode(AT, MAX_TRIES, ended=False), matches=True, now=AT) is CodeProblem.ended
    assert judge_code(IssuedCode(AT, 0, ended=True), matches=True, now=AT) is CodeProblem.ended
    assert judge_code(None, matches=True, now=AT) is CodeProblem.ended
    assert [read_code(text) for text in (" 123 456", "１２３４５６", "12345", "1234567", "abcdef")] == [
        *("123456", "123456"),
        *("", "", ""),
    ]


def test_numbers_are_read_as_people_write_them() -> None:
    for written in (
        NUMBER,
        "138 0595 1234",
        "+86 138-0595-1234",
        "0086 13805951234",
        "8613805951234",
        "１３８０５９５１２３４",
    ):
        assert read_mobile(written) == NUMBER
    for written in ("", "1380595123", "138059512345", "0595 2269 0000", "12805951234", "+1 13805951234", "x" * 500):
        assert read_mobile(written) is None
    assert hide_middle(NUMBER) == "138****1234"
