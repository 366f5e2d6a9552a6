"""Activities at the running server: staff make them, residents of that community see them on phones."""

import re

import aiohttp

from central_server.accounts.access import Role
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Donor
from tests.unit.volunteering.community_desk import ACTIVITIES, COMMUNITY, NEIGHBOURS, activity, log_in


async def test_an_activity_that_staff_make_is_on_phones_of_its_community(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    desk = await log_in(central, session, Role.staff)
    path = await desk.make_activity(times="2", until="1:30", since="21:00")
    at = f"{central.url}/community/{COMMUNITY}"
    phone = {language: Donor(session, language=language) for language in ("zh-Hans", "zh-Hant", "en")}
    listed = await phone["zh-Hans"].open(at)
    assert listed.text().count("给长者送热饭") == 2
    assert "演练" in listed.text()
    shown = await phone["en"].open(central.url + path)
    assert "Hot meals for elders" in shown.text()
    assert "请穿舒适的鞋。" in shown.text()  # the only language in which it was written
    assert re.search(r"21:00–01:30, \w{3} \d", shown.text())
    assert "給" not in (await phone["zh-Hant"].open(at)).text()  # nothing is converted
    hall = await phone["en"].open(f"{central.url}/s/at/{COMMUNITY}")
    assert f'href="/community/{COMMUNITY}">Volunteer activities' in hall.html
    await _is_unknown_elsewhere(central, Donor(session), path)


async def _is_unknown_elsewhere(central: RunningCentral, phone: Donor, path: str) -> None:
    neighbours = await phone.open(f"{central.url}/community/{NEIGHBOURS}")
    assert "No activity is planned" in neighbours.text()
    shift = path.rpartition("/")[2]
    for unknown in (f"{NEIGHBOURS}/shifts/{shift}", f"{COMMUNITY}/shifts/{'0' * 32}", "all", "nowhere", "%00"):
        assert (await phone.open(f"{central.url}/community/{unknown}")).status in (400, 404), unknown


async def test_a_form_with_faults_comes_back_and_changes_nothing(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    desk = await log_in(central, session, Role.staff)
    wrong = {
        "This field is empty": {"title_zh_hans": "", "title_en": ""},
        "This time has passed": {"day": "2020-02-29"},
        "more than a year": {"day": "2099-01-01"},
        "12 hours at most": {"until": "8:59"},
        "not a time of day": {"since": "25:00"},
        "not a date": {"day": "31 June"},
        "Write a number from 1 to 500": {"seats": "501"},
    }
    for words, fields in wrong.items():
        page = await desk.send(f"{ACTIVITIES}/new", **(activity() | fields))
        assert (page.status, words in page.text()) == (422, True), (words, page.text())
        assert "社区大厅" in page.html, "what was typed is lost"
    assert (await desk.send(f"{ACTIVITIES}/new", **activity(place=NEIGHBOURS))).status == 404
    assert "No activity is planned yet" in (await desk.open(ACTIVITIES)).text()
    for role, status in ((Role.viewer, 404), (Role.finance, 404), (Role.admin, 200)):
        other = await log_in(central, session, role)
        assert (await other.open(f"{ACTIVITIES}/new")).status == status, role
