"""Test which requests count as touches of the screen."""

from datetime import UTC, datetime
from uuid import UUID

import aiohttp
import pytest

from beacon_gateway.kiosk.touch_counter import VISIT_S
from beacon_gateway.model.reasons import PersonTag
from beacon_gateway.presence.choice import Chosen
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import ClockReading, Door
from tests.browser.fake_giving import FakeKiosk
from tests.unit.beacon_gateway.kiosk.resident import Resident

CLOCK = ClockReading(wall=datetime(2026, 11, 27, tzinfo=UTC), boot="0" * 32, monotonic_ns=5, trusted=True)
WALL = BeaconId(UUID("fda50693-a4e2-4fb1-afcf-c6eb07647825"), 10, 1)
Counted = dict[tuple[str | None, BeaconId | None, str], tuple[int, int]]


def counted(kiosk: FakeKiosk) -> Counted:
    """Since the last time: visits and openings, by what the screen showed."""
    return {
        (count.project, count.beacon, count.door.value): (count.visits, count.opened)
        for result in kiosk.use.harvest(CLOCK, 300.0)
        for count in result.counts
    }


async def test_a_visit_begins_with_the_first_touch_and_each_project_counts_once(
    resident: Resident, kiosk: FakeKiosk
) -> None:
    await resident.get("/")
    assert counted(kiosk) == {}, "the browser opened the page, nobody touched it"
    await resident.get("/project/elder-lunch")
    await resident.get("/")
    for path in ("/project/elder-lunch", "/project/student-aid/amount", "/project/student-aid/amount?digits=1"):
        await resident.get(path)
    assert counted(kiosk) == {
        (None, None, "touch"): (1, 0),
        ("elder-lunch", None, "touch"): (0, 1),
        ("student-aid", None, "touch"): (0, 1),
    }
    await resident.give("elder-lunch", amount_fen="3000")
    await resident.get("/")
    assert counted(kiosk) == {}, "it is the same visit"


@pytest.mark.parametrize("path", ["/projects", "/help", "/help/phone", "/display", "/privacy", "/board", "/verify"])
async def test_every_page_that_only_a_touch_leads_to_begins_a_visit(
    resident: Resident, kiosk: FakeKiosk, path: str
) -> None:
    await resident.get(path)
    assert resident.status == 200
    assert counted(kiosk) == {(None, None, "touch"): (1, 0)}


async def test_another_language_is_a_touch_too(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.get("/")
    await resident.post("/display", language="en", back="/")
    assert counted(kiosk) == {(None, None, "touch"): (1, 0)}


async def test_requests_of_the_browser_itself_are_no_touches(resident: Resident, kiosk: FakeKiosk) -> None:
    """Start, reloading without JavaScript, the sign of life, updates, programs, and the way back when all are gone."""
    for path in ("/", "/", "/handoff", "/thanks", "/api/v1/scene", "/healthz", "/static/none", "/nowhere"):
        await resident.get(path)
    await resident.get("/")
    await resident.post("/next")
    async with resident.http.post(f"{resident.url}/alive") as result:
        assert result.status == 204
    async with resident.http.get(f"{resident.url}/live?view=attract") as stream:
        assert stream.status == 200
    async with resident.http.head(f"{resident.url}/project/elder-lunch") as head:
        assert head.status == 200
    assert counted(kiosk) == {}


async def test_another_machine_is_not_the_screen(kiosk: FakeKiosk) -> None:
    from_elsewhere = {"X-Forwarded-For": "192.0.2.1"}
    async with kiosk.serve() as url, aiohttp.ClientSession(headers=from_elsewhere) as http:
        assert (await http.get(f"{url}/project/elder-lunch")).status == 404
        assert (await http.post(f"{url}/alive")).status == 404
    assert counted(kiosk) == {}


async def test_a_new_visit_begins_after_the_last_person_was_forgotten_or_is_gone(
    resident: Resident, kiosk: FakeKiosk
) -> None:
    """With JavaScript the page forgets who is gone; without, the same session stays and time tells."""
    await resident.get("/project/elder-lunch")
    await resident.post("/next")
    await resident.get("/project/elder-lunch")
    assert counted(kiosk) == {(None, None, "touch"): (2, 0), ("elder-lunch", None, "touch"): (0, 2)}
    kiosk.later_s += VISIT_S - 60
    await resident.get("/")
    await resident.get("/project/elder-lunch")
    assert counted(kiosk) == {}, "still there"
    kiosk.later_s += VISIT_S + 1
    await resident.get("/")
    await resident.get("/project/elder-lunch")
    assert counted(kiosk) == {(None, None, "touch"): (1, 0), ("elder-lunch", None, "touch"): (0, 1)}


async def test_the_door_is_the_one_by_which_the_screen_had_turned(resident: Resident, kiosk: FakeKiosk) -> None:
    kiosk.card_brings("elder-lunch")
    await resident.get("/")
    await resident.get("/project/elder-lunch/amount")
    await resident.get("/project/student-aid")
    assert counted(kiosk) == {
        ("elder-lunch", None, "tag"): (1, 1),
        ("student-aid", None, "touch"): (0, 1),
    }
    kiosk.current_scene.show(Chosen("elder-lunch", WALL, Door.touch, PersonTag()))
    await resident.post("/next")
    await resident.get("/project/elder-lunch")
    assert counted(kiosk) == {("elder-lunch", WALL, "touch"): (1, 1)}


async def test_a_project_that_is_not_on_offer_was_not_opened(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.get("/project/no-such")
    assert resident.status == 404
    assert counted(kiosk) == {(None, None, "touch"): (1, 0)}


async def test_two_screens_are_two_visits(resident: Resident, neighbour: Resident, kiosk: FakeKiosk) -> None:
    await resident.get("/project/elder-lunch")
    await neighbour.get("/project/elder-lunch")
    assert counted(kiosk) == {(None, None, "touch"): (2, 0), ("elder-lunch", None, "touch"): (0, 2)}
