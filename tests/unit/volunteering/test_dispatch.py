"""From the time that a member writes to a seat that a plan filled: through the pages, with the real solver."""

import re
from urllib.parse import urljoin

import aiohttp

from central_server.accounts.access import Role
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Donor, Page
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, log_in
from tests.unit.volunteering.member_phone import Phone

AT = "/staff/volunteers/dispatch"
WHEN = f"/community/{COMMUNITY}/me/when"


async def press(donor: Donor, page: Page, action: str, **fields: str) -> Page:
    """Send the page's only form whose action ends so."""
    (target,) = re.findall(rf'<form[^>]*action="([^"]*{action})"', page.html)
    form = page.html.partition(f'action="{target}"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    return await donor.send(urljoin(page.url, target), hidden | fields)


def words(page: Page) -> str:
    return " ".join(page.text().split())


ALL_WEEK = {f"part{part}": "on" for part in range(21)}


async def test_a_plan_proposes_who_is_free_and_the_person_decides(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    desk = await log_in(central, session, Role.staff)
    path = await desk.make_activity()
    shift = path.rsplit("/", 1)[1]
    phones = [Phone.new(central.url) for _ in range(3)]
    for number, phone in enumerate(phones):
        await phone.join(path, number=f"1380595000{number}")
        parts = ALL_WEEK if number < 2 else {}
        page = await press(phone.donor, await phone.open(WHEN), "/when", per_week="2", grid="3-2", adult="on", **parts)
        assert "Saved" in words(page)
    page = await desk.open(AT)
    assert "wrote when they can help: 2" in words(page)
    assert "1 missing" in words(page)
    page = await press(desk.donor, page, f"/needs/{shift}", least="3", risk="1", grid="3-2")
    assert "3 missing" in words(page)
    page = await press(desk.donor, page, "/plan")
    assert "Nobody was asked yet" in words(page)
    assert words(page).count("planned the time suits") == 2
    assert "1 missing" in words(page)
    people = await desk.open(f"{AT}/people/{shift}")
    assert "Possible, and not asked yet: 0" in words(people)
    assert words(people).count("planned the time suits") == 2
    for phone in phones[:2]:
        assert "You are asked" not in words(await phone.open(f"/community/{COMMUNITY}/me"))
    page = await press(desk.donor, page, "/send")
    assert "Each person sees the question" in words(page)

    asked = await phones[0].open(WHEN)
    assert "You wrote that this time suits you. It is in your grid." in words(asked)
    assert "You have a place" in words(await press(phones[0].donor, asked, "/accept"))
    declined = await press(phones[1].donor, await phones[1].open(WHEN), "/decline")
    assert "not asked for this shift again" in words(declined)
    page = await press(desk.donor, await desk.open(AT), "/plan")
    listed = words(await desk.open(f"{AT}/people/{shift}"))
    assert "(3-2) accepted the time suits" in listed
    assert "(3-2) not possible declined this shift" in listed
    text = words(page)
    assert "declined this shift: 1" in text
    assert "2 missing" in text
    assert "planned" not in re.sub("asked or are planned", "", text)
    async with phones[0].session.post(f"{central.url}{WHEN}/{'0' * 32}/accept", data={"csrf": "0"}) as refused:
        assert refused.status == 403
    for phone in phones:
        await phone.session.close()


async def test_a_neighbouring_community_neither_sees_nor_plans(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as other:
        desk = await log_in(central, other, Role.staff)
        path = await desk.make_activity()
    foreign = await log_in(central, session, Role.staff, NEIGHBOURS)
    page = await foreign.open(AT)
    assert path.rsplit("/", 1)[1] not in page.html
    for shift in (path.rsplit("/", 1)[1], "0" * 32):
        async with session.get(f"{central.url}{AT}/people/{shift}") as answer:
            assert answer.status == 404
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
    assert csrf is not None
    for target, fields in (
        ("plan", {}),
        ("send", {}),
        (f"needs/{path.rsplit('/', 1)[1]}", {"least": "1", "risk": "0"}),
    ):
        async with session.post(
            f"{central.url}{AT}/{target}", data={"csrf": csrf[1], "place": COMMUNITY, **fields}
        ) as answer:
            assert answer.status in (403, 404), target
    async with session.get(f"{central.url}{AT}", params={"place": COMMUNITY}) as answer:
        assert answer.status == 404


async def test_a_shift_that_is_too_long_for_anybody_is_named(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    desk = await log_in(central, session, Role.staff)
    await desk.make_activity(since="8:00", until="20:00")
    assert "make two shifts of this one" in words(await desk.open(AT))
