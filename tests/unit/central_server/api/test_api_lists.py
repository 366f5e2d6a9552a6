"""List beacons, gateways and bindings for programs, and compare figures."""

from datetime import UTC, datetime, timedelta

import aiohttp

from central_server.api.openapi_document import build_document
from central_server.api.operations import OPERATIONS
from central_server.api.tokens import Scope
from central_server.api.webhooks.events import EVENTS, WebhookBody
from central_server.store.catalogue import beacons, bindings
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.catalogue.bindings import StoredBinding, Target
from central_server.store.places import places
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import RunningCentral
from tests.fakes.counting import count_all
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.fakes.enrolling_device import EnrollingDevice, invited
from tests.unit.central_server.api.test_api import a_token, ask
from tests.unit.central_server.statistics_world import place, stretch

NOW = datetime.now(UTC)
DOOR = place(1, 1).beacon
"""A beacon that `stretch` hears."""


def a_beacon(beacon: BeaconId, kind: BeaconKind) -> StoredBeacon:
    tag_class = "" if kind is BeaconKind.place else "volunteer"
    return StoredBeacon(new_id(), "huada", beacon, kind, "door", -59, tag_class, None, (), "", NOW, "")


async def test_a_beacon_has_a_status_and_a_persons_tag_has_none(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    mine = [a_beacon(DOOR, BeaconKind.place), a_beacon(BeaconId(DOOR.uuid, 77, 1), BeaconKind.place)]
    tag = a_beacon(BeaconId(DOOR.uuid, 78, 1), BeaconKind.person)
    async with central.database() as database:
        token = await a_token(database, Scope.catalogue)
        async with database.write() as connection:
            for each in (*mine, tag):
                await beacons.save(connection, each, 0)
        await gateway.deliver([stretch(7, datetime.now(UTC) - timedelta(minutes=6))])
        await count_all(database)
    status, body, _ = await ask(session, f"{central.url}/api/v1/beacons", token)
    assert status == 200
    found = {each["id"]: (each["status"], each["last_active"]) for each in body["beacons"]}
    assert found[mine[0].id][0] == "active"
    assert found[mine[0].id][1] is not None
    assert found[mine[1].id] == ("never", None)
    assert found[tag.id] == (None, None)


async def test_a_gateway_has_a_status(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    async with central.database() as database:
        new, _ = await invited(database, label="new")
        device = EnrollingDevice(session, central.url)
        _, code = await invited(database, label="heard")
        await device.enrol(code)
        awaited = EnrollingDevice(session, central.url)
        _, code = await invited(database, label="awaited")
        await awaited.enrol(code)
        token = await a_token(database, Scope.catalogue)
    await device.report()
    _, body, _ = await ask(session, f"{central.url}/api/v1/gateways", token)
    found = {each["id"]: (each["status"], each["last_contact"] is not None) for each in body["gateways"]}
    assert (found[new.id], found[device.id], found[awaited.id]) == (("new", False), ("up", True), ("awaited", False))


async def test_bindings_come_in_parts_each_once(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    made = []
    async with central.database() as database:
        async with database.write() as connection:
            await places.plant_community(connection, "huada", NOW)
            for target, beacon, group in (
                (Target.beacon, DOOR, ""),
                (Target.group, None, "hall"),
                (Target.every, None, ""),
            ):
                one = StoredBinding(
                    *(new_id(), "huada", target, beacon, group, "lunch", 3, ("08:00-12:00",), (1, 5)),
                    *(NOW.date(), None, "near", True, NOW, "chen"),
                )
                made.append(one)
                assert await bindings.save(connection, one, 0)
        token = await a_token(database, Scope.catalogue)
    seen, cursor = [], ""
    for _ in range(3):
        status, body, _ = await ask(session, f"{central.url}/api/v1/bindings?limit=1{cursor}", token)
        assert status == 200
        seen += body["bindings"]
        cursor = f"&cursor={body['next']}"
    assert body["next"] is None
    assert [each["id"] for each in seen] == sorted(one.id for one in made)
    of_beacon = next(each for each in seen if each["target"] == "beacon")
    assert (of_beacon["uuid"], of_beacon["hours"], of_beacon["weekdays"]) == (
        str(DOOR.uuid),
        ["08:00-12:00"],
        [1, 5],
    )
    assert (of_beacon["project"], of_beacon["zone"], of_beacon["until"]) == ("lunch", "near", None)


async def test_programs_compare_figures(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    async with central.database() as database:
        token = await a_token(database, Scope.statistics)
        await gateway.deliver([gateway.intent(), stretch(7, datetime.now(UTC) - timedelta(minutes=6))])
        await count_all(database)
    address = f"{central.url}/api/v1/statistics/comparison?span=quarter"
    _, body, _ = await ask(session, f"{address}&by=gateway", token)
    assert [(row["key"], row["registered"], row["near_phone"]) for row in body["rows"]] == [(gateway.id, 1, None)]
    assert body["rows"][0]["near_tag"] > 0
    assert (await ask(session, f"{address}&by=person", token))[0] == 400


def test_the_document_describes_webhooks() -> None:
    body = build_document(OPERATIONS, "1")
    assert set(body["webhooks"]) == {event.value for event in EVENTS}
    for webhook in body["webhooks"].values():
        schema = webhook["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/WebhookBody"}
        assert {each["name"] for each in webhook["post"]["parameters"]} == {
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
        }
    assert set(body["components"]["schemas"]["WebhookBody"]["properties"]) == set(WebhookBody.model_fields)


async def test_the_reader_page_links_each_event_to_its_body(central: RunningCentral, donor: Donor) -> None:
    page = await donor.open(f"{central.url}/api?lang=en")
    assert page.html.count('href="#record-WebhookBody"') >= len(EVENTS)
    assert 'id="record-WebhookBody"' in page.html
    assert 'id="record-PaidGift"' in page.html
