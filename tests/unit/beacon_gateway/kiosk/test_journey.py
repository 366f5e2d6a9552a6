"""Test the resident's journey by HTTP on the real application, with store and bank in memory."""

from uuid import UUID

import pytest

from beacon_gateway.kiosk.responder import COOKIE
from beacon_gateway.model.reasons import PersonTag
from beacon_gateway.presence.choice import Chosen
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.records import Door, IntentState
from tests.browser.fake_giving import FakeKiosk
from tests.unit.beacon_gateway.kiosk.resident import Resident

WALL = BeaconId(UUID("fda50693-a4e2-4fb1-afcf-c6eb07647825"), 10, 1)


async def test_from_the_first_page_to_the_thanks_and_the_next_person(resident: Resident, kiosk: FakeKiosk) -> None:
    assert 'href="/project/elder-lunch"' in await resident.get("/")
    assert 'href="/project/elder-lunch/amount"' in await resident.get("/project/elder-lunch")
    page = await resident.give("elder-lunch", amount_fen="3000")
    assert resident.path == "/handoff"
    recorded = kiosk.giving.recorded[0]
    assert (recorded.gift.amount, recorded.door, recorded.beacon) == (Money(3000), Door.touch, None)
    assert recorded.gift.url in page
    await resident.get("/thanks")
    assert resident.path == "/handoff", "no thanks before the bank's word"
    kiosk.giving.becomes(recorded.gift.intent, IntentState.handed_off)
    assert "银行页面已打开" in await resident.get("/handoff")
    kiosk.pay_last()
    assert "7F3A-K8QZ" in await resident.get("/handoff")
    assert resident.path == "/thanks"
    await resident.post("/next")
    assert resident.path == "/"
    await resident.get("/thanks")
    assert resident.path == "/"


async def test_only_the_session_of_the_gift_sees_the_thanks(
    resident: Resident, neighbour: Resident, kiosk: FakeKiosk
) -> None:
    await neighbour.get("/")
    await resident.give("elder-lunch", amount_fen="3000")
    kiosk.pay_last()
    await neighbour.get("/thanks")
    assert neighbour.path == "/"
    assert "7F3A-K8QZ" not in neighbour.html
    assert "7F3A-K8QZ" in await resident.get("/thanks")


async def test_another_amount_is_typed_in_whole_yuan(resident: Resident, kiosk: FakeKiosk) -> None:
    assert "¥0" in await resident.get("/project/elder-lunch/amount?digits=")
    assert "¥128" in await resident.get("/project/elder-lunch/amount?digits=128")
    await resident.post("/give", project="elder-lunch", key=resident.hidden("key"), yuan="128")
    assert kiosk.giving.recorded[0].gift.amount == Money(128_00)


async def test_a_double_submit_is_one_gift(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.get("/project/elder-lunch/amount")
    csrf, key = resident.hidden("csrf"), resident.hidden("key")
    for _ in range(2):
        await resident.post("/give", csrf=csrf, project="elder-lunch", key=key, amount_fen="3000")
        assert resident.path == "/handoff"
    assert len(kiosk.giving.recorded) == 1


async def test_of_two_amounts_touched_at_once_only_the_first_counts(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.get("/project/elder-lunch/amount")
    csrf, key = resident.hidden("csrf"), resident.hidden("key")
    await resident.post("/give", csrf=csrf, project="elder-lunch", key=key, amount_fen="3000")
    await resident.post("/give", csrf=csrf, project="elder-lunch", key=key, amount_fen="5000")
    assert resident.status == 409
    assert [each.gift.amount for each in kiosk.giving.recorded] == [Money(3000)]


async def test_a_visit_to_the_number_pad_changes_nothing(resident: Resident, kiosk: FakeKiosk) -> None:
    for path in (
        "/",
        "/projects",
        "/project/elder-lunch",
        "/project/elder-lunch/amount",
        "/project/elder-lunch/amount?digits=9",
    ):
        await resident.get(path)
        assert resident.status == 200
    assert kiosk.giving.recorded == []


async def test_the_scene_turns_the_first_page_and_no_other(resident: Resident, kiosk: FakeKiosk) -> None:
    kiosk.card_brings("student-aid")
    turned = await resident.get("/")
    assert "志愿者的卡就在附近" in turned
    assert 'href="/project/student-aid/amount"' in turned
    assert "志愿者的卡" not in await resident.get("/project/elder-lunch")
    assert 'href="/project/elder-lunch"' in await resident.get("/projects")
    kiosk.card_brings(None)
    assert "志愿者的卡" not in await resident.get("/")


async def test_a_gift_counts_by_the_door_of_its_scene(resident: Resident, kiosk: FakeKiosk) -> None:
    kiosk.card_brings("student-aid")
    await resident.get("/")
    kiosk.card_brings(None)
    await resident.give("student-aid", amount_fen="2000")
    await resident.give("elder-lunch", amount_fen="3000")
    kiosk.current_scene.show(Chosen("elder-lunch", WALL, Door.touch, PersonTag()))
    await resident.get("/")
    await resident.give("elder-lunch", amount_fen="5000")
    assert [(each.door, each.beacon) for each in kiosk.giving.recorded] == [
        (Door.tag, None),
        (Door.touch, None),
        (Door.touch, WALL),
    ]


async def test_a_scene_of_an_unknown_project_does_not_change_the_first_page(
    resident: Resident, kiosk: FakeKiosk
) -> None:
    kiosk.card_brings("gone")
    assert 'href="/project/elder-lunch"' in await resident.get("/")


@pytest.mark.parametrize(("language", "word"), [("zh-Hant", "厝邊頭尾"), ("en", "Neighbours"), ("zh-Hans", "街坊邻里")])
async def test_a_language_lasts_until_the_next_person(resident: Resident, language: str, word: str) -> None:
    await resident.get("/")
    assert word in await resident.post("/display", language=language, back="/")
    await resident.get("/project/elder-lunch")
    assert f'<html lang="{language}"' in resident.html
    await resident.post("/next")
    assert '<html lang="zh-Hans"' in resident.html


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:1", ""])
async def test_choosing_a_language_never_leads_to_another_site(resident: Resident, back: str) -> None:
    await resident.get("/project/elder-lunch")
    await resident.post("/display", language="en", back=back)
    assert resident.path == "/"


async def test_choosing_a_language_comes_back_to_the_same_page(resident: Resident) -> None:
    await resident.get("/project/elder-lunch/amount?digits=12")
    await resident.post("/display", language="en", back=resident.hidden("back"))
    assert resident.path == "/project/elder-lunch/amount?digits=12"
    assert "Enter an amount" in resident.html
    await resident.post("/display", language="tlh", back="/")
    assert '<html lang="en"' in resident.html


async def test_the_next_person_gets_a_new_session(resident: Resident) -> None:
    await resident.get("/")
    first = {cookie.key: cookie.value for cookie in resident.http.cookie_jar}[COOKIE]
    await resident.post("/next")
    cookie = next(iter(resident.http.cookie_jar))
    assert cookie.value != first
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert not cookie["max-age"]
    assert len(cookie.value) == 72
