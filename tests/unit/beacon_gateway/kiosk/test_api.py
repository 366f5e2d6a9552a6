from typing import Any
from uuid import UUID

import pytest
from multidict import CIMultiDict

from beacon_gateway.model.reasons import NothingNear
from beacon_gateway.presence.choice import Chosen
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.records import Door
from tests.browser.fake_giving import FakeKiosk
from tests.unit.beacon_gateway.kiosk.resident import Resident

WALL = BeaconId(UUID("fda50693-a4e2-4fb1-afcf-c6eb07647825"), 10, 1)
WANTED = {"project": "elder-lunch", "amount_minor": 3000, "currency": "CNY"}
KEY = {"Idempotency-Key": "a-key-of-some-program"}


async def post(resident: Resident, body: Any, headers: dict[str, str] = KEY) -> tuple[int, dict[str, Any]]:
    async with resident.http.post(resident.url + "/api/v1/intents", json=body, headers=headers) as response:
        assert "Set-Cookie" not in response.headers
        return response.status, await response.json(content_type=None)


async def test_the_scene_has_its_reason(resident: Resident, kiosk: FakeKiosk) -> None:
    kiosk.current_scene.show(Chosen("elder-lunch", WALL, Door.touch, NothingNear()))
    async with resident.http.get(resident.url + "/api/v1/scene") as response:
        assert await response.json() == {
            "number": 1,
            "project": "elder-lunch",
            "door": "touch",
            "beacon": str(WALL),
            "reason": {"kind": "nothing_near"},
        }


async def test_an_intent_is_recorded_once_for_one_key(resident: Resident, kiosk: FakeKiosk) -> None:
    status, intent = await post(resident, WANTED)
    assert status == 201
    gift = kiosk.giving.recorded[0].gift
    assert gift.amount == Money(3000)
    assert intent == {
        "intent": gift.intent,
        "project": "elder-lunch",
        "amount_minor": 3000,
        "currency": "CNY",
        "handoff": "ticket",
        "url": gift.url,
    }
    assert await post(resident, WANTED) == (201, intent)
    assert (await post(resident, WANTED | {"amount_minor": 5000}))[0] == 422
    assert len(kiosk.giving.recorded) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (WANTED | {"project": "nothing"}, 404),
        (WANTED | {"project": "info-only"}, 409),
        (WANTED | {"amount_minor": 50}, 422),
        (WANTED | {"amount_minor": "3000"}, 400),
        (WANTED | {"amount_minor": 30.5}, 400),
        (WANTED | {"amount_minor": True}, 400),
        (WANTED | {"currency": "USD"}, 400),
        (WANTED | {"more": 1}, 400),
        ([], 400),
    ],
)
async def test_an_invalid_request_is_a_problem_document(
    resident: Resident, kiosk: FakeKiosk, body: Any, status: int
) -> None:
    answered, document = await post(resident, body)
    assert (answered, document["status"]) == (status, status)
    assert kiosk.giving.recorded == []


async def test_a_repeated_key_header_records_nothing(resident: Resident, kiosk: FakeKiosk) -> None:
    """In whichever order: a proxy and we could choose differently."""
    for first, second in (
        ("a-key-of-some-program", "another-key-12345"),
        ("another-key-12345", "a-key-of-some-program"),
    ):
        headers = CIMultiDict([("Idempotency-Key", first), ("Idempotency-Key", second)])
        async with resident.http.post(resident.url + "/api/v1/intents", json=WANTED, headers=headers) as response:
            assert response.status == 400
    assert kiosk.giving.recorded == []


async def test_a_key_is_required_and_a_full_disk_is_reported(resident: Resident, kiosk: FakeKiosk) -> None:
    assert (await post(resident, WANTED, {}))[0] == 400
    assert (await post(resident, WANTED, {"Idempotency-Key": "short"}))[0] == 400
    kiosk.giving.broken = True
    assert (await post(resident, WANTED))[0] == 503


async def test_a_form_is_not_taken_for_json(resident: Resident) -> None:
    async with resident.http.post(resident.url + "/api/v1/intents", data="{}", headers=KEY) as response:
        assert response.status == 415
