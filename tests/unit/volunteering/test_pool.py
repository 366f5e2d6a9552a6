"""The talent pool: a membership from its slip to its end, and what each side may see and do."""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product

import aiohttp
from openpyxl import Workbook, load_workbook  # type: ignore[import-untyped]  # it has no types
from sqlalchemy import select

from central_server.accounts.access import Role
from central_server.store.accounts import audit_trail
from central_server.store.places.places import TOP, Place, PlaceKind, plant
from sync_contract.project import Texts
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Page
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, Desk, log_in
from tests.unit.volunteering.member_phone import NAME, NUMBER, Phone, code_on
from volunteering.pool.posts import post_list
from volunteering.rules.pool_states import CURRENT, OVER, Action, Actor, MembershipState, next_state
from volunteering.store.tables import memberships, people

POOL, UNITS, OWN = (f"/staff/volunteers/{page}" for page in ("pool", "units", "own-unit"))
MINE = f"/community/{COMMUNITY}/me/pool"


def paths(
    state: MembershipState, done: tuple[tuple[Actor, Action], ...] = ()
) -> Iterator[tuple[MembershipState, tuple[tuple[Actor, Action], ...]]]:
    """Walk the table without repeating a step."""
    yield state, done
    for step in product(Actor, Action):
        after = next_state(state, *step)
        if after is not None and step not in done:
            yield from paths(after, (*done, step))


def test_a_membership_begins_and_ends_only_with_both_sides() -> None:
    reached = set()
    for state, steps in paths(MembershipState.invited):
        reached.add(state)
        actions = [action for _, action in steps]
        if state in CURRENT:
            assert actions[0] is Action.print
            assert (Actor.staff, Action.accept) in steps
            assert {(Actor.member, Action.report), (Actor.staff, Action.report)} & set(steps)
        if state is MembershipState.ended:
            assert {(Actor.unit, Action.agree_leave), (Actor.staff, Action.agree_leave)} <= set(steps)
        if state in OVER:
            assert all(next_state(state, *step) is None for step in product(Actor, Action))
    assert reached == set(MembershipState)
    for state, action in product(MembershipState, (Action.accept, Action.refuse)):
        assert not next_state(state, Actor.unit, action)
        assert not next_state(state, Actor.member, action)


def test_eleven_posts_are_of_three_kinds() -> None:
    known = post_list()
    assert (len(known.kinds), len(known.posts)) == (3, 11)
    assert {kind for post in known.posts.values() for kind in post.kinds} == known.kinds.keys()
    assert any(len(post.kinds) > 1 for post in known.posts.values())


async def plant_grid(central: RunningCentral, grid: str, community: str = COMMUNITY) -> None:
    names = Texts.model_validate({"zh-Hans": f"网格{grid}", "zh-Hant": f"網格{grid}", "en": f"Grid {grid}"})
    async with central.database() as database, database.write() as connection:
        await plant(connection, Place(grid, PlaceKind.grid, community, names), datetime.now(UTC))


async def add_unit(desk: Desk, code: str, name: str) -> str:
    """Add a unit and return its id."""
    page = await send(desk, UNITS, UNITS, place=COMMUNITY, kind="partner", code=code, name_en=name)
    found = re.search(rf'unit=([0-9a-f]{{32}})">{name}<', page.html)
    assert found is not None, page.text()
    return found[1]


async def send(desk: Desk, at: str, action: str, **fields: str) -> Page:
    page = await desk.open(at)
    csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.html)
    assert csrf is not None, page.text()
    return await desk.donor.send(desk.central.url + action, {"csrf": csrf[1], **fields})


async def join(phone: Phone, number: str = NUMBER, name: str = NAME, path: str = MINE) -> Page:
    """Log in on the way to the page at `path`; return that page."""
    page = await phone.donor.press(await phone.open(path), number=number)
    return await phone.donor.press(page, code=code_on(page), name=name, consent="yes")


async def test_a_member_reports_takes_a_post_and_leaves_with_both_sides(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    await plant_grid(central, "huada-g1")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as other:
        contact = await log_in(central, other, Role.liaison)
        desk = await log_in(central, session, Role.steward)
        unit, second = await add_unit(desk, "law", "School of Law"), await add_unit(desk, "med", "Hospital")
        refused = await send(desk, UNITS, f"{UNITS}/{unit}/contact", account=f"{COMMUNITY}-steward")
        assert (refused.status, "No account with this name" in refused.text()) == (422, True)
        assert "not the contact of a unit yet" in (await contact.open("/staff/")).text(), "its first page"
        assert (await contact.open(f"{OWN}/{unit}")).status == 404
        await send(desk, UNITS, f"{UNITS}/{unit}/contact", account=f"{COMMUNITY}-liaison")
        own = f"{OWN}/{unit}"
        for fields, words in (({"mobile": "123"}, "eleven digits"), ({"name": " "}, "30 characters"),
                              ({"grid": "fengze"}, "no such grid")):  # fmt: skip
            listed = {"name": NAME, "mobile": NUMBER, "duty": "Lecturer", "grid": "huada-g1", **fields}
            assert words in (await send(contact, own, f"{own}/members", **listed)).text()
        for _ in range(2):
            await send(contact, own, f"{own}/members", name=NAME, mobile=NUMBER, duty="Lecturer", grid="huada-g1")
        page = await contact.open(OWN)
        assert (page.url.endswith(unit), page.text().count(NAME), NUMBER in page.text()) == (True, 1, True)
        async with central.database() as database, database.read() as connection:
            assert not (await connection.execute(select(people.c.id))).all(), "a list makes no account"
            (row,) = (await connection.execute(select(memberships.c.id, memberships.c.member))).all()
        slip = await send(contact, own, f"{own}/{row.id}/print")
        assert NAME in slip.text()
        assert "<svg" in slip.html
        wrong, phone = Phone.new(central.url), Phone.new(central.url)
        shown = await join(wrong, "13805950000", "Somebody", f"{MINE}/{row.id}")
        assert (shown.status, "another number" in shown.text(), "School of Law" in shown.text()) == (409, True, False)
        shown = await join(phone, path=f"{MINE}/{row.id}")
        assert (shown.status, "School of Law" in shown.text()) == (200, True)
        await _report_and_claim(desk, contact, phone, row.member, row.id, own)
        await _leave(desk, contact, phone, row.member, row.id, own)
        assert (await send(contact, OWN, f"{OWN}/{second}/{row.id}/agree_leave")).status == 404
        for each in (wrong, phone):
            await each.session.close()
    async with central.database() as database, database.read() as connection:
        looks = [entry.action.name for _, entry in await audit_trail.page(connection, [TOP])]
        (stored,) = (await connection.execute(select(memberships))).all()
    assert looks.count("volunteers.show") == 2
    assert (stored.state, stored.sealed) == ("ended", b"")


async def _report_and_claim(desk: Desk, contact: Desk, phone: Phone, member: str, id_: str, own: str) -> None:
    one = f"{POOL}/{member}"
    assert NAME not in (await desk.open(POOL)).text() + (await desk.open(one)).text()
    assert (await send(desk, UNITS, f"{one}/{id_}/accept")).status == 409, "before the report"
    page = await act(phone, id_, "report")
    assert "You have reported" in page.text()
    assert (await send(desk, UNITS, f"{one}/{id_}/accept")).status == 200
    assert "Choose a post" in (await phone.open(MINE)).text()
    for post, status in (("law", 200), ("law", 409), ("cook", 404), ("health", 200), ("jobs", 200), ("safety", 409)):
        assert (await act(phone, id_, "claim", post=post)).status == status, post
    for post in ("jobs", "health"):
        await act(phone, id_, "give_up", post=post)
    await act(phone, "", "", grid="huada-g1", skill_law="on")
    seen = (await contact.open(own)).text()
    assert ("has a post" in seen, "Legal advice" in seen) == (True, False), "a unit sees the state only"
    for query, found in (("post=law", 1), ("post=jobs", 0), ("skill=law", 1), ("skill=arts", 0), ("grid=huada-g1", 1),
                         ("grid=x", 0), ("state=posted", 1), ("state=invited", 0), ("part=3", 0), ("", 1),
                         (f"unit={own[-32:]}", 1), (f"unit={'0' * 32}", 0), ("place=fengze", 0)):  # fmt: skip
        assert (await desk.open(f"{POOL}?{query}")).text().count(member[-8:]) == found, query
    named = await send(desk, POOL, f"{POOL}/names", place=COMMUNITY)
    assert NUMBER in named.text()
    assert NAME in (await send(desk, POOL, f"{one}/name")).text()


async def act(phone: Phone, membership: str, action: str, **fields: str) -> Page:
    page = await phone.open(MINE)
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
    assert csrf is not None
    target = "/".join(part for part in (MINE, membership, action) if part)
    return await phone.donor.send(phone.url + target, {"csrf": csrf[1], **fields})


async def _leave(desk: Desk, contact: Desk, phone: Phone, member: str, id_: str, own: str) -> None:
    await send(contact, own, f"{own}/{id_}/ask_leave")
    assert "You hold a post" in (await act(phone, id_, "stay")).text(), "the member may stay, with the posts"
    await act(phone, id_, "ask_leave")
    await send(contact, own, f"{own}/{id_}/agree_leave")
    assert (await send(contact, own, f"{own}/{id_}/agree_leave")).status == 409
    assert "unit agreed" in (await desk.open(f"{POOL}/{member}")).text()
    await send(desk, POOL, f"{POOL}/{member}/{id_}/agree_leave")
    assert "No unit has put you" in (await phone.open(MINE)).text()
    assert NAME not in (await contact.open(own)).text()
    neighbour = await log_in(desk.central, desk.donor._session, Role.steward, NEIGHBOURS)
    assert (await neighbour.open(f"{POOL}/{member}")).status == 404


async def upload(desk: Desk, session: aiohttp.ClientSession, path: str, rows: list[list[str]], **fields: str) -> Page:
    """Send a sheet that openpyxl wrote to the page at `path`."""
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', (await desk.open(path)).html)
    assert csrf is not None
    form = aiohttp.FormData({"csrf": csrf[1], **fields})
    form.add_field("file", out.getvalue(), filename="list.xlsx")
    async with session.post(desk.central.url + path, data=form, headers={"Accept-Language": "en"}) as answer:
        return Page(answer.status, str(answer.url), await answer.text())


async def test_a_list_is_imported_whole_or_not_and_once(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    await plant_grid(central, "huada-g1")
    await log_in(central, session, Role.liaison)
    desk = await log_in(central, session, Role.steward)
    law, med = await add_unit(desk, "law", "School of Law"), await add_unit(desk, "med", "Hospital")
    rows = [[("law", "med")[number % 2], f"Person {number}", f"1380595{number:04}", "", ""] for number in range(200)]
    rows[7][4], rows[8][4] = "huada-g1", "Grid huada-g1"
    head = ["Unit", "姓名", "手機號碼", "Duty", "Grid"]
    bad = {12: (0, "none"), 31: (2, "12345"), 77: (1, ""), 90: (4, "fengze-g1"), 150: (2, rows[10][2])}
    spoiled = [[bad[at][1] if at in bad and bad[at][0] == place else cell for place, cell in enumerate(row)]
               for at, row in enumerate(rows)]  # fmt: skip
    page = await upload(desk, session, f"{UNITS}/list", [head, *spoiled], place=COMMUNITY)
    assert page.status == 422
    assert [int(number) for number in re.findall(r"Row ([0-9]+)", page.text())] == [at + 2 for at in bad]
    for words in ("no unit with this code", "eleven digits", "Write the name", "no such grid", "twice"):
        assert words in page.text(), words
    assert (
        "no column for this: Mobile number"
        in (await upload(desk, session, f"{UNITS}/list", [head[:2], ["law", "A"]], place=COMMUNITY)).text()
    )
    assert (await upload(desk, session, f"{UNITS}/list", [head, *rows], place=NEIGHBOURS)).status == 404
    for added in (200, 0):
        page = await upload(desk, session, f"{UNITS}/list", [head, *rows], place=COMMUNITY)
        assert f"New on the list: {added}. Unchanged: {200 - added}." in page.text()
    async with central.database() as database, database.read() as connection:
        assert len((await connection.execute(select(memberships.c.id))).all()) == 200
        assert not (await connection.execute(select(people.c.id))).all(), "a list makes no account"
    await send(desk, UNITS, f"{UNITS}/{law}/contact", account=f"{COMMUNITY}-liaison")
    contact = await log_in(central, session, Role.liaison)
    own, other = f"{OWN}/{law}", f"{OWN}/{med}"
    async with session.get(f"{central.url}{own}/list.xlsx?lang=en") as file:
        table = [list(row) for row in load_workbook(io.BytesIO(await file.read())).active.values]
    assert table[0] == ["Unit", "Name", "Mobile number", "Duty", "Grid"]
    assert [row[1] for row in table[1:]] == [row[1] for row in rows if row[0] == "law"]
    page = await upload(contact, session, f"{own}/list", [[cell or "" for cell in row] for row in table])
    assert "New on the list: 0. Unchanged: 100." in page.text(), "what is exported changes nothing"
    # A number of another unit is answered like any other: the contact learns nothing about it.
    page = await upload(contact, session, f"{own}/list", [head, ["med", "Someone", rows[1][2], "", ""]])
    assert "New on the list: 1. Unchanged: 0." in page.text()
    for path in (other, f"{other}/list", f"{other}/list.xlsx", POOL, UNITS, f"{UNITS}/list"):
        assert (await contact.open(path)).status == 404, path
    assert "has one entry" in (await (await log_in(central, session, Role.steward)).open(POOL)).text()
