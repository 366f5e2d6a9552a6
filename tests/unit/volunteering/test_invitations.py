"""Staff invite from a list: nobody becomes a member by it, and a wrong row changes nothing. About 5 CPU-s."""

import random
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from sqlalchemy import func, select

from central_server.accounts.access import Role
from central_server.sheets import sheet_reader
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Page
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, Desk, log_in
from tests.unit.volunteering.member_phone import NAME, NUMBER, Phone, code_on
from volunteering.people.inviting import expire
from volunteering.rules.invitations import MAX_INVITED, MAX_ROWS, ListProblem, RowProblem, in_ranges, read_list
from volunteering.store.tables import invitations, metadata

INVITATIONS = "/staff/volunteers/invitations"
OTHER, THIRD = "13805950002", "13805950003"


@pytest.fixture
async def phone(central: RunningCentral) -> AsyncIterator[Phone]:
    phone = Phone.new(central.url)
    yield phone
    await phone.session.close()


async def send_list(
    desk: Desk, session: aiohttp.ClientSession, text: str, place: str = COMMUNITY, at: str = INVITATIONS
) -> Page:
    csrf = (await desk.open(at)).html.split('name="csrf" value="')[1][:64]
    form = aiohttp.FormData({"csrf": csrf, "place": place, "language": "en"})
    form.add_field("file", text.encode(), filename="list.csv", content_type="text/csv")
    async with session.post(desk.central.url + INVITATIONS, data=form, headers={"Accept-Language": "en"}) as answer:
        return Page(answer.status, str(answer.url), await answer.text())


async def stored(central: RunningCentral) -> dict[str, int]:
    async with central.database() as database, database.read() as connection:
        return {
            table.name: int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
            for table in metadata.sorted_tables
        }


async def opened(central: RunningCentral) -> list[str]:
    """Return the paths of the open invitations, the oldest first."""
    wanted = select(invitations.c.id).where(invitations.c.state == "open").order_by(invitations.c.id)
    async with central.database() as database, database.read() as connection:
        return [f"/community/{COMMUNITY}/invitation/{each}" for each in (await connection.execute(wanted)).scalars()]


async def test_a_list_makes_invitations_and_each_person_answers_alone(
    central: RunningCentral, session: aiohttp.ClientSession, phone: Phone
) -> None:
    desk = await log_in(central, session, Role.steward)
    before = await stored(central)
    wrong = await send_list(desk, session, f"姓名,手机\nA,{NUMBER}\nB,1380595\n,{OTHER}\nC,{NUMBER}\nD,12\nE,13")
    assert wrong.status == 422
    for words in ("3 rows: 3, 6–7", "1 rows: 4", "1 rows: 5", "Nobody was invited"):
        assert words in wrong.text(), wrong.text()
    assert await stored(central) == before, "all rows or none"
    good = await send_list(desk, session, f"name;mobile\nA;{NUMBER}\nB;+86 138-0595-0002\nC;{THIRD}")
    assert "Invited: 3. Members already: 0" in good.text(), good.text()
    after = await stored(central)
    assert (after["vol_people"], after["vol_invitations"], after["vol_messages"]) == (0, 3, 3), "no account"
    again = await send_list(desk, session, f"name,mobile\nA,{NUMBER}")
    assert "Invited: 0. Members already: 0. Invited before, and not again: 1." in again.text()
    first, second, third = await opened(central)
    await _accepts(central, phone, first)
    assert "accepted" in (await desk.open(INVITATIONS)).text()
    await _declines_and_guesses(central, phone, second, third)


async def _accepts(central: RunningCentral, phone: Phone, path: str) -> None:
    page = await phone.open(path)
    assert (await stored(central))["vol_people"] == 0, "a GET changes nothing"
    fields = {"code": code_on(page), "name": NAME, "consent": "yes", "adult": "yes", "answer": "accept"}
    for changed, words in (
        ({"code": "000000" if code_on(page) != "000000" else "1"}, "This code is wrong"),
        ({"name": " "}, "Please write your name"),
        ({"consent": ""}, "without your consent nothing is stored"),
        ({"adult": ""}, "a guardian agrees there"),
    ):
        refused = await phone.donor.press(page, **(fields | changed))
        assert (refused.status, words in refused.text()) == (422, True), refused.text()
    assert (await phone.donor.press(page, **fields)).url.endswith(COMMUNITY)
    assert NAME in (await phone.open(f"/community/{COMMUNITY}/me")).text(), "the person is logged in"
    assert (await phone.donor.press(page, **fields)).status == 410, "used"
    assert (await phone.open(path.replace(COMMUNITY, NEIGHBOURS))).status == 410


async def _declines_and_guesses(central: RunningCentral, phone: Phone, declined: str, guessed: str) -> None:
    page = await phone.open(declined)
    no = await phone.donor.press(page, code=code_on(page), answer="decline")
    assert (no.status, "You declined" in no.text()) == (200, True)
    page = await phone.open(guessed)
    code = code_on(page)
    for number in range(5):
        await phone.donor.press(page, code=f"{(int(code) + 1 + number) % 10**6:06}", answer="decline")
    late = await phone.donor.press(page, code=code, name=NAME, consent="yes", answer="accept")
    assert late.status == 410, "the sixth try with the right code"
    count = await stored(central)
    assert count["vol_people"] == 1
    async with central.database() as database, database.read() as connection:
        found = (await connection.execute(select(invitations.c.state, invitations.c.sealed))).all()
    assert sorted(str(row.state) for row in found) == ["accepted", "declined", "open"]
    assert [bytes(row.sealed) for row in found if row.state != "open"] == [b"", b""]
    async with central.database() as database:
        await expire(database, datetime.now(UTC) + timedelta(days=15))
        async with database.read() as connection:
            assert (await connection.execute(select(invitations.c.sealed))).scalars().all() == [b""] * 3
        await expire(database, datetime.now(UTC) + timedelta(days=400))
    assert (await stored(central))["vol_invitations"] == 0


async def test_only_stewards_of_the_community_invite_and_withdraw(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    desk = await log_in(central, session, Role.steward)
    await send_list(desk, session, f"name,mobile\nA,{NUMBER}\nB,{OTHER}")
    path = re.findall(rf"{INVITATIONS}/[0-9a-f]{{32}}/withdraw", (await desk.open(INVITATIONS)).html)[0]
    neighbour = await log_in(central, session, Role.steward, NEIGHBOURS)
    csrf = (await neighbour.open(INVITATIONS)).html.split('name="csrf" value="')[1][:64]
    assert (await neighbour.donor.send(central.url + path, {"csrf": csrf})).status == 404
    assert (await send_list(neighbour, session, f"name,mobile\nA,{THIRD}")).status == 404
    for role in (Role.staff, Role.admin, Role.chief):
        assert (await (await log_in(central, session, role)).open(INVITATIONS)).status == 404
    assert len(await opened(central)) == 2
    desk = await log_in(central, session, Role.steward)
    assert "withdrawn" in (await desk.donor.send(central.url + path, {"csrf": await _csrf(desk)})).text()
    assert await opened(central) == []


async def _csrf(desk: Desk) -> str:
    return (await desk.open(INVITATIONS)).html.split('name="csrf" value="')[1][:64]


def test_every_wrong_row_of_a_hundred_thousand_is_named() -> None:
    chance = random.Random(6)
    wrong: set[int] = set()
    lines = ["姓名,手机"]
    for row in range(2, 100_002):
        bad = chance.random() < 0.2
        lines.append(f"甲,{'1' if bad else ''}138{row:08}")
        wrong |= {row} if bad else set()
    table = sheet_reader.read("\n".join(lines).encode("gb18030"), MAX_ROWS)
    found = read_list(table.head, table.rows)
    assert found.numbers == ()
    assert found.faults is not None
    assert found.faults.keys() == {RowProblem.number}
    named: set[int] = set()
    for part in in_ranges(found.faults[RowProblem.number]).split(", "):
        first, _, last = part.partition("–")
        named |= set(range(int(first), int(last or first) + 1))
    assert named == wrong
    with pytest.raises(sheet_reader.SheetRefused):
        sheet_reader.read("\n".join(lines).encode())


def test_a_list_needs_its_headings_and_a_bearable_length() -> None:
    rows = [(row, ("甲", f"138{row:08}")) for row in range(2, MAX_INVITED + 3)]
    assert read_list(("姓名", "手机号"), rows).problem is ListProblem.long
    assert len(read_list(("姓名", "手机号"), rows[:-1]).numbers) == MAX_INVITED
    assert read_list(("手机号", "姓名"), [(2, ("13800000000", "甲"))]).numbers == ("13800000000",)
    assert read_list(("name", "who"), rows).problem is ListProblem.head
    assert read_list((" Name ", "MOBILE"), []).problem is ListProblem.empty
    assert in_ranges([2, 3, 4, 9, 11, 12]) == "2–4, 9, 11–12"
