"""Staff register an elder at the desk, and the printed card logs the person in, until it is ended or replaced."""

import re

import aiohttp

from central_server.accounts.access import Role
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Page
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, Desk, log_in
from tests.unit.volunteering.member_phone import NAME, NUMBER, Phone, press
from volunteering.rules.login_code import in_groups, read_login_code

DESK, PEOPLE = "/staff/volunteers/desk", "/staff/volunteers/people"
FORM = {"place": COMMUNITY, "name": NAME, "number": "", "language": "en", "consent": "yes"}
OWN, LOGIN = f"/community/{COMMUNITY}/me", f"/community/{COMMUNITY}/login-card"


def code_of(page: Page) -> str:
    found = re.search(r"<b>((?:[0-9]{4} ){3}[0-9]{4})</b>", page.html)
    assert found is not None, page.text()
    return found[1]


async def test_an_elder_is_registered_with_one_form_and_logs_in_with_the_card(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    desk = await log_in(central, session, Role.steward)
    for changed, words in (
        ({"name": " "}, "Write the name"),
        ({"number": "12345"}, "eleven digits"),
        ({"consent": ""}, "Without the person"),
    ):
        page = await desk.send(DESK, **(FORM | changed))
        assert (page.status, words in page.text()) == (422, True), page.text()
    printed = await desk.send(DESK, **FORM)
    code = code_of(printed)
    assert NAME in printed.text()
    phone = Phone.new(central.url)
    scanned = await phone.open(f"{LOGIN}/{read_login_code(code)}")
    shown = re.search(r'name="code"[^>]* value="([0-9 ]+)"', scanned.html)
    assert shown is not None, "the code is filled in"
    assert "/join" in (await phone.open(OWN)).url, "a GET logs nobody in"
    assert NAME in (await phone.donor.press(scanned, code=shown[1])).text(), "one touch after the scan"
    typed = Phone.new(central.url)
    assert "No valid card" in (await typed.donor.press(await typed.open(LOGIN), code="0" * 16)).text()
    elsewhere = await typed.open(LOGIN.replace(COMMUNITY, NEIGHBOURS))
    assert "No valid card" in (await typed.donor.press(elsewhere, code=code)).text(), "of another community"
    assert NAME in (await typed.donor.press(await typed.open(LOGIN), code=code.replace(" ", "-"))).text()
    await _is_replaced_and_ended(desk, code, phone)
    for each in (phone, typed):
        await each.session.close()


async def _is_replaced_and_ended(desk: Desk, code: str, phone: Phone) -> None:
    found = await desk.send(PEOPLE, place=COMMUNITY, number=code)
    assert NAME in found.text(), "found by the card"
    replaced = await press(desk.donor, found, "login-card")
    second = code_of(replaced)
    assert second != code
    assert "/join" in (await phone.open(OWN)).url, "logins with the first card ended"
    assert "No valid card" in (await phone.donor.press(await phone.open(LOGIN), code=code)).text()
    own = await phone.donor.press(await phone.open(LOGIN), code=second)
    assert "Last used on" in own.text()
    await press(phone.donor, own, "login-card/revoke")
    assert "/join" in (await phone.open(OWN)).url
    assert "No valid card" in (await phone.donor.press(await phone.open(LOGIN), code=second)).text()


async def test_only_stewards_of_the_community_register_and_nobody_twice(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    desk = await log_in(central, session, Role.steward)
    registered = await desk.send(DESK, **(FORM | {"number": NUMBER}))
    again = await desk.send(DESK, **(FORM | {"number": f"+86 {NUMBER}"}))
    assert (again.status, "has joined already" in again.text()) == (422, True)
    found = await desk.send(PEOPLE, place=COMMUNITY, number=NUMBER)
    target = re.search(r"/staff/volunteers/people/[0-9a-f]{32}/login-card", found.html)
    assert target is not None
    neighbour = await log_in(central, session, Role.steward, NEIGHBOURS)
    csrf = (await neighbour.open(DESK)).html.split('name="csrf" value="')[1][:64]
    for path, fields in ((target[0], {}), (f"{target[0]}/revoke", {}), (DESK, FORM)):
        answer = await neighbour.donor.send(central.url + path, {"csrf": csrf, **fields})
        assert answer.status == 404, path
    admin = await log_in(central, session, Role.admin)
    assert (await admin.open(DESK)).status == 404
    phone = Phone.new(central.url)
    own = await phone.donor.press(await phone.open(LOGIN), code=code_of(registered))
    assert "138****1234" in own.text(), "the neighbour's steward ended nothing"
    assert "Your data were erased" in (await press(phone.donor, own, "erase")).text()
    assert "No valid card" in (await phone.donor.press(await phone.open(LOGIN), code=code_of(registered))).text()
    await phone.session.close()


def test_a_code_is_read_as_people_type_it() -> None:
    assert in_groups("1234567890123456") == "1234 5678 9012 3456"
    for typed in ("1234 5678 9012 3456", "１２３４567890123456", "1234-5678-9012-3456"):
        assert read_login_code(typed) == "1234567890123456"
    assert [read_login_code(typed) for typed in ("", "123", "1" * 17, "1" * 60, "12345678901234五六")] == [""] * 5
