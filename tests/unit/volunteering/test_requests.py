"""Requests for help: who may do what when, how much of an address each sees, and the way of one at the server."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import aiohttp
from sqlalchemy import select

from central_server.accounts.access import Role
from sync_contract.permit import OFFICIAL_TIME
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Page
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, Desk, log_in
from tests.unit.volunteering.member_phone import Phone, press
from volunteering.requests.request_form import read_request
from volunteering.rules.requests import (
    Action,
    Actor,
    RequestState,
    Visible,
    actions_of,
    is_unanswered,
    next_state,
    visible_address,
)
from volunteering.store.tables import metadata

BUILDING, DOOR, NOTE = "七号楼东侧", "1402 室", "门铃坏了请敲门"
HELP = f"/community/{COMMUNITY}/help"
REQUESTS = "/staff/volunteers/requests"
TODAY = date(2026, 12, 31)


def form(**fields: str) -> dict[str, str]:
    today = datetime.now(UTC).astimezone(OFFICIAL_TIME).date()
    texts = {"grid": "3-2", "building": BUILDING, "door": DOOR, "note": NOTE}
    return {"category": "repair", "wanted_on": f"{today}", **texts, **fields}


async def test_a_request_goes_from_one_member_to_another_and_shows_its_address_in_steps(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    path = await (await log_in(central, session, Role.staff)).make_activity()
    asking, helping, other = (Phone.new(central.url) for _ in range(3))
    for number, phone in enumerate((asking, helping, other)):
        await phone.join(path, f"1380000000{number}")
    page = await asking.donor.press(await asking.open(f"{HELP}/new"), **form())
    one = page.url.removeprefix(central.url)
    assert "Staff check it first" in page.text()
    assert "Nobody waits for help" in (await helping.open(HELP)).text()
    for stranger in (helping, other):
        assert (await stranger.open(one)).status == 404
    await _is_checked_in_two_touches(central, await log_in(central, session, Role.steward), one)
    assert (await _pressed(helping, one, "claim")).text().count("You help") == 1
    too_late = await other.donor.send(f"{central.url}{one}/claim", {"csrf": await _token(other, HELP + "/new")})
    assert (too_late.status, "someone else was faster" in too_late.text()) == (409, True)
    hidden = await other.donor.send(f"{central.url}{one}/address", {"csrf": await _token(other, HELP + "/new")})
    assert not {BUILDING, DOOR, NOTE} & set(hidden.text().split())
    assert BUILDING not in (await helping.open(one)).text(), "a GET shows no address"
    shown = (await _pressed(helping, one, "address")).text()
    assert all(text in shown for text in (BUILDING, DOOR, NOTE))
    seen = (await asking.open(one)).text()
    assert seen.count("building and door") == 2
    assert ("The helper" in seen, "Staff" in seen) == (True, True)
    token = await _token(helping, f"{HELP}/new")
    await helping.donor.send(f"{central.url}{one}/report_done", {"csrf": token, "outcome": "badly"})
    assert BUILDING not in (await helping.open(one)).text()
    await asking.donor.send(
        f"{central.url}{one}/confirm", {"csrf": await _token(asking, HELP + "/new"), "outcome": "well"}
    )
    listed = (await (await log_in(central, session, Role.steward)).open(REQUESTS)).text()
    assert "the helper says so" in listed
    await _is_asked_at_the_desk(central, session, helping)
    await _is_stored_sealed_and_erased(central, asking, one)
    for phone in (asking, helping, other):
        await phone.session.close()


async def _is_checked_in_two_touches(central: RunningCentral, steward: Desk, one: str) -> None:
    request = f"{REQUESTS}/{one.rpartition('/')[2]}"
    listed = await steward.open(REQUESTS)
    assert "to be checked" in listed.text()
    assert BUILDING not in (await steward.open(request)).text()
    looked = await press(steward.donor, await steward.open(request), "address")  # 1
    assert all(text in looked.text() for text in (BUILDING, DOOR, NOTE))
    assert "waits for a helper" in (await press(steward.donor, looked, "check")).text()  # 2
    session = steward.donor._session
    for role, place in ((Role.admin, COMMUNITY), (Role.steward, NEIGHBOURS)):
        assert (await (await log_in(central, session, role, place)).open(request)).status == 404


async def _is_asked_at_the_desk(central: RunningCentral, session: aiohttp.ClientSession, helping: Phone) -> None:
    """Staff write the request of a neighbour down, and confirm it; the helper gets the number only on the day."""
    desk = await log_in(central, session, Role.steward)
    fields = form(place=COMMUNITY, name="苏阿婆", mobile="13900000001", consent="yes", grid="8-8")
    later = f"{datetime.now(UTC).astimezone(OFFICIAL_TIME).date() + timedelta(days=2)}"
    for wrong in ({"consent": ""}, {"name": ""}, {"mobile": "12"}, {"place": NEIGHBOURS}):
        assert (await desk.send(f"{REQUESTS}/new", **(fields | wrong))).status in (404, 422), wrong
    for wanted_on, shows in ((later, False), (fields["wanted_on"], True)):
        page = await desk.send(f"{REQUESTS}/new", **(fields | {"wanted_on": wanted_on}))
        assert "Saved" in page.text()
        found = [each for each in (await helping.open(HELP)).html.split('href="') if "8-8" in each]
        one = found[0].partition('"')[0]
        await _pressed(helping, one, "claim")
        shown = (await _pressed(helping, one, "address")).text()
        assert ("苏阿婆" in shown, BUILDING in shown) == (True, True)
        assert ("13900000001" in shown, DOOR in shown) == (shows, shows)
        request = f"{REQUESTS}/{one.rpartition('/')[2]}"
        looked = (await press(desk.donor, await desk.open(request), "address")).text()
        assert all(text in looked for text in ("苏阿婆", "13900000001", DOOR, "Asked at the desk"))
        await press(desk.donor, await desk.open(request), "confirm")
        assert "8-8" not in (await helping.open(HELP)).text()


async def _is_stored_sealed_and_erased(central: RunningCentral, asking: Phone, one: str) -> None:
    async with central.database() as database:
        async with database.read() as connection:
            tables = metadata.sorted_tables
            stored = "".join([str((await connection.execute(select(table))).all()) for table in tables])
        assert not [text for text in (BUILDING, DOOR, NOTE) if text in stored]
        await asking.act(f"/community/{COMMUNITY}/me", "erase")
        async with database.read() as connection:
            row, *_ = (await connection.execute(select(metadata.tables["vol_requests"]).order_by("asked_at"))).all()
    assert (row.state, row.helper_outcome, row.outcome, row.sealed, row.grid) == ("closed", "badly", "well", b"", "")


async def _pressed(phone: Phone, path: str, action: str) -> Page:
    return await press(phone.donor, await phone.open(path), action)


async def _token(phone: Phone, path: str) -> str:
    return (await phone.open(path)).html.split('name="csrf" value="')[1][:64]


async def test_a_form_with_faults_comes_back_and_a_person_has_three_requests_at_most(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    path = await (await log_in(central, session, Role.staff)).make_activity()
    phone = Phone.new(central.url)
    await phone.join(path)
    wrong = {"wanted_on": "2020-01-01", "building": "", "door": "x" * 41, "category": "money"}
    page = await phone.donor.press(await phone.open(f"{HELP}/new"), **form(**wrong))
    assert (page.status, page.html.count('class="fault"')) == (422, 5)
    assert NOTE in page.html, "what was typed is lost"
    for status in (200, 200, 200, 422):
        page = await phone.donor.press(await phone.open(f"{HELP}/new"), **form())
        assert page.status == status
    assert "three requests already" in page.text()
    await phone.session.close()


def test_each_action_is_possible_for_one_actor_and_leads_to_an_end() -> None:
    every = list(product(RequestState, Actor, Action))
    possible = {each: state for each in every if (state := next_state(*each)) is not None}
    assert len(possible) == 16
    assert all(
        (action in actions_of(state, actor)) is ((state, actor, action) in possible) for state, actor, action in every
    )
    ends = {RequestState.closed, RequestState.declined, RequestState.withdrawn}
    assert not [each for each in possible if each[0] in ends]
    assert {state for state, _, _ in possible} == set(RequestState) - ends, "from each other state there is a way"
    assert next_state(RequestState.open, Actor.requester, Action.claim) is None, "nobody helps themselves"
    assert next_state(RequestState.new, Actor.member, Action.claim) is None, "not before it was checked"


def test_the_address_shows_in_steps() -> None:
    before = TODAY - timedelta(days=1)
    helper = (RequestState.claimed, Actor.helper, TODAY)
    assert visible_address(*helper, before) == Visible(building=True, door=False)
    assert visible_address(*helper, TODAY) == Visible(building=True, door=True)
    for state in set(RequestState) - {RequestState.claimed}:
        assert visible_address(state, Actor.helper, TODAY, TODAY) == Visible(building=False, door=False)
    for state in RequestState:
        assert visible_address(state, Actor.clock, TODAY, TODAY) == Visible(building=False, door=False)
        assert visible_address(state, Actor.member, TODAY, TODAY) == Visible(building=False, door=False)
    asked = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    late = asked + timedelta(hours=24)
    assert {state for state in RequestState if is_unanswered(state, asked, late)} == {
        RequestState.new,
        RequestState.open,
    }
    assert not is_unanswered(RequestState.new, asked, late - timedelta(seconds=1))


def test_a_day_lies_between_today_and_sixty_days_ahead() -> None:
    for days, good in ((-1, False), (0, True), (60, True), (61, False)):
        new, faults = read_request(form(wanted_on=f"{TODAY + timedelta(days=days)}"), TODAY)
        assert (new is not None, not faults) == (good, good)
