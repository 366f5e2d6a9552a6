"""Test that each page leads back to where the reader came from, and that an idle session is reset."""

from urllib.parse import quote

import pytest

from sync_contract.records import IntentState
from tests.browser.fake_giving import FakeKiosk
from tests.unit.beacon_gateway.kiosk.resident import Resident

CODE = "回到我的二维码"


def leads(path: str) -> str:
    return f'href="{path}"'


async def test_from_the_code_to_help_and_its_pages_and_back_to_the_code(resident: Resident) -> None:
    await resident.give("elder-lunch", amount_fen="3000")
    assert leads("/help?back=/handoff") in resident.html
    help_page = await resident.get("/help?back=/handoff")
    assert leads("/handoff") in help_page
    for page in ("/help/phone", "/privacy", "/contact"):
        on = f"{page}?back={quote('/help?back=/handoff', safe='/')}"
        assert leads(on) in help_page, page
        assert leads("/help?back=/handoff") in await resident.get(on), page


@pytest.mark.parametrize("path", ["/help", "/help/phone", "/privacy", "/contact", "/board", "/verify"])
@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example", "javascript:1"])
async def test_the_way_back_never_leads_to_another_site(resident: Resident, path: str, back: str) -> None:
    assert "evil" not in (await resident.get(f"{path}?back={quote(back)}")).split("<main")[1]
    assert "javascript:" not in resident.html.split("<main")[1]


async def test_the_first_page_leads_back_to_a_code_as_long_as_it_leads_on(resident: Resident, kiosk: FakeKiosk) -> None:
    assert CODE not in await resident.get("/")
    await resident.give("elder-lunch", amount_fen="3000")
    page = await resident.get("/")
    assert CODE in page
    assert leads("/handoff") in page
    assert 'data-idle="180"' in page
    assert 'id="stay"' in page, "it asks before it forgets"
    kiosk.card_brings("student-aid")
    assert CODE in await resident.get("/")
    kiosk.later_s = 601
    assert CODE not in await resident.get("/"), "its giver has gone"
    kiosk.later_s = 0
    kiosk.giving.becomes(kiosk.giving.recorded[0].gift.intent, IntentState.closed)
    assert CODE not in await resident.get("/")


async def test_another_visitors_first_page_shows_no_code(resident: Resident, neighbour: Resident) -> None:
    await neighbour.get("/")
    await resident.give("elder-lunch", amount_fen="3000")
    assert CODE in await resident.get("/")
    assert CODE not in await neighbour.get("/")


async def test_a_first_page_in_a_chosen_language_asks_before_it_goes_back(resident: Resident) -> None:
    assert 'id="stay"' not in await resident.get("/")
    await resident.post("/display", language="en", back="/")
    assert 'data-idle="90"' in resident.html
    assert "Do you need more time?" in resident.html


async def test_without_a_script_the_server_asks_and_forgets_a_code_that_nobody_touches(
    resident: Resident, kiosk: FakeKiosk
) -> None:
    """Such a page asks for itself every three seconds: that is no sign that somebody is there."""
    await resident.give("elder-lunch", amount_fen="3000")
    assert "url=/handoff?waiting" in resident.html
    kiosk.later_s = 140
    assert "还需要时间吗" not in (await resident.get("/handoff?waiting")).split("<main")[1].split("</main>")[0]
    kiosk.later_s = 160
    asked = (await resident.get("/handoff?waiting")).split("<main")[1].split("</main>")[0]
    assert "还需要时间吗" in asked
    assert leads("/handoff") in asked
    await resident.get("/handoff")
    kiosk.later_s = 300
    await resident.get("/handoff?waiting")
    assert resident.path == "/handoff?waiting", "a touch has extended it"
    kiosk.later_s = 345
    await resident.get("/handoff?waiting")
    assert resident.path == "/"
    await resident.get("/handoff")
    assert resident.path == "/"


async def test_without_a_script_the_thanks_go_by_themselves(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.give("elder-lunch", amount_fen="3000")
    kiosk.pay_last()
    assert "url=/thanks?waiting" in await resident.get("/thanks")
    await resident.get("/thanks?waiting")
    assert resident.path == "/"
    await resident.get("/thanks")
    assert resident.path == "/"


async def test_declining_is_undone_by_one_touch_on_the_same_code_for_a_minute(
    resident: Resident, kiosk: FakeKiosk
) -> None:
    await resident.get("/")
    await resident.post("/display", language="en", back="/")
    await resident.give("elder-lunch", amount_fen="3000")
    address = kiosk.giving.recorded[0].gift.url
    await resident.post("/next", declined="")
    assert (resident.path, resident.hidden("csrf") != "") == ("/", True)
    assert 'form="undo"' in resident.html
    assert 'lang="zh-Hans"' in resident.html, "the next person's page is in the hall's language"
    undone = await resident.post("/undo")
    assert (resident.path, address in undone, 'lang="en"' in undone) == ("/handoff", True, True)
    await resident.post("/next", declined="")
    kiosk.later_s = 61
    assert 'form="undo"' not in await resident.get("/")
    await resident.post("/undo")
    assert resident.path == "/"
    assert len(kiosk.giving.recorded) == 1


async def test_the_next_person_cannot_undo_what_was_finished_or_paid(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.give("elder-lunch", amount_fen="3000")
    kiosk.giving.becomes(kiosk.giving.recorded[0].gift.intent, IntentState.handed_off)
    await resident.get("/handoff")
    assert "declined" not in resident.html
    await resident.post("/next")
    assert 'form="undo"' not in resident.html
    await resident.give("elder-lunch", amount_fen="3000")
    await resident.post("/next", declined="")
    kiosk.pay_last()
    assert 'form="undo"' not in await resident.get("/"), "the thanks belong to the donor"


async def test_back_from_the_code_leads_to_the_same_code_by_one_touch(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.give("elder-lunch", amount_fen="3000")
    address = kiosk.giving.recorded[0].gift.url
    assert leads("/handoff") in (await resident.get("/project/elder-lunch/amount")).split("<main")[1]
    assert address in await resident.give("elder-lunch", amount_fen="3000"), "or by the same amount again"
    assert len(kiosk.giving.recorded) == 1
    await resident.give("elder-lunch", amount_fen="5000")
    assert len(kiosk.giving.recorded) == 2


async def test_the_page_without_script_waits_while_a_phone_is_at_the_bank(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.give("elder-lunch", amount_fen="3000")
    intent = kiosk.giving.recorded[0].gift.intent
    kiosk.giving.becomes(intent, IntentState.handed_off)
    await resident.get("/handoff")
    for kiosk.later_s in (400, 850):  # the page asks every three seconds
        waiting = (await resident.get("/handoff?waiting")).split("<main")[1].split("</main>")[0]
        assert "还需要时间吗" not in waiting
    kiosk.giving.becomes(intent, IntentState.handed_off, ended=True)
    await resident.get("/handoff?waiting")
    assert resident.path == "/handoff?waiting", "the question comes before the reset"
    kiosk.later_s = 1100
    await resident.get("/handoff?waiting")
    assert resident.path == "/"


async def test_a_code_that_somebody_scanned_is_not_shown_to_the_next_donor(
    resident: Resident, kiosk: FakeKiosk
) -> None:
    await resident.give("elder-lunch", amount_fen="3000")
    await resident.give("elder-lunch", amount_fen="3000")
    (first,) = kiosk.giving.recorded
    kiosk.giving.becomes(first.gift.intent, IntentState.handed_off)
    await resident.give("elder-lunch", amount_fen="3000")
    assert len(kiosk.giving.recorded) == 2
