"""The overview: gateways, the amount of the day, and open tasks."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from msgspec import structs
from sqlalchemy import func, select

from central_server.accounts.access import Role
from central_server.alerts.outdated_gateways import is_older
from central_server.statistics.event_times import hour
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Channel
from central_server.store.catalogue import catalogues
from central_server.store.catalogue.catalogues import StoredCatalogue
from central_server.store.engine import tables
from central_server.store.ledger import ledger_lines
from central_server.store.places.places import TOP
from sync_contract.gateway_report import GatewayReport, Hearing
from sync_contract.records import Parcel
from tests.fakes.central_process import RunningCentral
from tests.fakes.counting import count_all
from tests.fakes.delivering_gateway import DeliveringGateway, as_json, clock
from tests.fakes.donor import Donor, Page
from tests.fakes.staff_account import set_password
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.staff.test_staff import PASSWORD, logged_in
from tests.unit.central_server.statistics_world import stretch


def text(page: Page) -> str:
    return " ".join(page.text().split())


async def reports(gateway: DeliveringGateway, hearing: Hearing = Hearing.proved, **changes: Any) -> None:
    tasks_shown: dict[str, Any] = {
        "clock": clock(),
        "every_s": 60,
        "version": "1.0",
        "epoch": gateway.epoch,
        "uptime_s": 100,
        "hearing": hearing,
        "radio": "hearing",
        "advert": "on_air",
        "waiting": 0,
        "refused": 0,
        "damaged": 0,
        "catalogue_version": 1,
    }
    body = GatewayReport(**(tasks_shown | changes)).model_dump_json().encode()
    status, answer = await gateway.post("/api/v1/reports", body, {"Content-Type": "application/json"})
    assert status == 200, answer


async def overview(central: RunningCentral, donor: Donor) -> str:
    return text(await donor.open(f"{central.url}/staff/"))


async def pays(central: RunningCentral, donor: Donor, *tickets: str) -> None:
    """Wait until the bank has notified the server of each payment."""
    for ticket in tickets:
        await donor.give(f"{central.url}/t/{ticket}")
    async with asyncio.timeout(120), central.database() as database:
        while True:
            async with database.read() as connection:
                lines = (await connection.execute(select(func.count()).select_from(tables.ledger_lines))).scalar_one()
            if lines == len(tickets):
                return
            await asyncio.sleep(0.05)


async def test_an_empty_community_is_reported_as_empty(central: RunningCentral, donor: Donor) -> None:
    page = text(await logged_in(central, donor))
    for words in ("none registered yet", "Nothing has been delivered yet.", "¥0", "Nothing yet.", "Drill"):
        assert words in page


async def test_undelivered_parcels_are_not_reported_as_delivered(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    await reports(gateway)
    page = text(await logged_in(central, donor))
    assert "Nothing has been delivered yet." in page
    assert "Everything is delivered" not in page


async def test_the_overview_reports_that_all_is_well(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    await gateway.deliver([gateway.statistics()])
    await reports(gateway)
    page = text(await logged_in(central, donor))
    assert "1 /1 all working" in page
    assert "Nothing. Everything is delivered, and every expected beacon is received." in page
    assert "社区大厅 working Last contact" in page


@pytest.mark.parametrize(
    ("hearing", "words"),
    [(Hearing.deaf, "社区大厅 receives nothing. "), (Hearing.not_proved, "reception not proved 1")],
)
async def test_a_gateway_that_receives_no_beacons_is_a_task(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, hearing: Hearing, words: str
) -> None:
    await reports(gateway, hearing, waiting=17)
    page = text(await logged_in(central, donor))
    assert words in page
    assert "0 /1 gateways working" in page
    assert "17 records still on the gateways" in page
    task = "Have it restarted; if that does not help, tell the installer."
    assert (task in page) is (hearing is Hearing.deaf), "an empty hall is no task"


async def test_a_beacon_off_the_air_is_a_task(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    from central_server.store.engine.tables import gateway_reports

    await reports(gateway, advert="refused")
    page = text(await logged_in(central, donor))
    assert "社区大厅 beacon off the air" in page
    assert "is not on the air" not in page, "the gateway is given its time"
    since = datetime.now(UTC) - timedelta(minutes=6)
    async with central.database() as database, database.write() as connection:
        await connection.execute(gateway_reports.update().values(off_air_since=since))
    page = await overview(central, donor)
    assert "社区大厅: the beacon of this hall is not on the air." in page
    assert "Replug its Bluetooth adapter, or power the device off and on" in page
    await reports(gateway)
    assert "is not on the air" not in await overview(central, donor)


async def test_a_simulated_radio_is_well_in_a_drill_and_named(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    await reports(gateway, Hearing.simulated, advert="simulated")
    page = text(await logged_in(central, donor))
    assert "1 /1 all working" in page
    assert "社区大厅 Bluetooth simulated" in page


MISSED = (
    ("transmitter_lost", "no signal from the beacon on the wall that proves its reception.", "Check the battery"),
    ("never_heard", "no signal from the beacon on the wall that proves its reception.", "Check the battery"),
    ("advert_lost", "its second Bluetooth adapter does not receive the hall's own beacon.", "Have it restarted"),
    ("advert_never_heard", "its second Bluetooth adapter does not receive the hall's own beacon.", "Have it restarted"),
    ("nothing_ever", "has received nothing at all since it was started.", "Hold a phone with Bluetooth on beside it."),
    ("low_battery", "the battery of a beacon or a tag is nearly empty.", "Change it."),
    ("hall_changed", "receives its beacons on the walls differently", "have the installer calibrate again"),
    ("a_word_of_later", "A beacon near 社区大厅 has no signal.", "Check the battery"),
)
"""States of the radio, with words of the task and of its remedy."""


async def test_missed_packets_are_a_separate_task(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    now = datetime.now(UTC)
    await gateway.deliver([stretch(n, hour(now) - timedelta(hours=n - 1)) for n in (1, 2)])
    async with central.database() as database:
        await count_all(database)
    for radio, words, remedy in MISSED:
        await reports(gateway, Hearing.not_proved, radio=radio)
        page = text(await logged_in(central, donor))
        assert words in page, radio
        assert remedy in page, radio
        assert "receives nothing." not in page, radio
        assert "A beacon near 社区大厅 has no signal." in page, "not suppressed, as it is where nothing is heard"


async def test_a_late_gateway_is_a_task_with_its_duration(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    await reports(gateway)
    async with central.database() as database, database.write() as connection:
        from central_server.store.engine.tables import gateway_keys, gateway_reports

        at = datetime.now(UTC) - timedelta(hours=3, minutes=10)
        await connection.execute(gateway_keys.update().values(added_at=at - timedelta(days=1)))
        await connection.execute(gateway_reports.update().values(received_at=at))
    page = text(await logged_in(central, donor))
    assert "No contact with 社区大厅 for 3 hours." in page
    assert "Check that it is plugged in and that the network works." in page


async def test_rejected_parcels_are_a_task_with_their_reason(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    gift = gateway.intent()
    dearer = structs.replace(gift, body=structs.replace(gift.body, amount_minor=9900))
    for parcel in (gift, dearer):
        await gateway.deliver([parcel])
    broken = as_json(gateway.intent()) | {"body": {"kind": "poem"}}
    await gateway.post_batch({"contract": 1, "parcels": [broken]})
    page = await logged_in(central, donor)
    tasks_shown = text(page)
    assert "社区大厅: records that contradict each other: 1." in tasks_shown
    assert "社区大厅: refused records: 1." in tasks_shown
    assert f'href="/staff/log?gateway={gateway.id}&amp;result=conflict"' in page.html
    lines = await donor.open(f"{central.url}/staff/log?gateway={gateway.id}&result=conflict")
    assert lines.html.count("<tr data-line") == 1


async def test_missing_numbers_are_a_task_only_after_everything_was_sent(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    gateway.n += 4
    await gateway.deliver([gateway.statistics()])
    await reports(gateway, waiting=4)
    page = text(await logged_in(central, donor))
    assert "Missing numbers: 4" in page
    assert "never arrived" not in page
    await reports(gateway, waiting=0)
    assert "社区大厅: records that never arrived: 4." in await overview(central, donor)


async def test_a_silent_beacon_is_a_task(central: RunningCentral, gateway: DeliveringGateway, donor: Donor) -> None:
    now = datetime.now(UTC)
    sent: list[Parcel] = [stretch(n, hour(now) - timedelta(hours=n - 1)) for n in (1, 2)]
    await gateway.deliver(sent)
    async with central.database() as database:
        await count_all(database)
    page = text(await logged_in(central, donor))
    assert "A beacon near 社区大厅 has no signal." in page
    assert "/1/2" in page
    assert "/1/1" not in page, "it was heard"


async def test_the_amount_of_a_day_is_what_the_bank_confirmed(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    gifts = [gateway.intent() for _ in range(3)]
    await gateway.deliver(gifts)
    await pays(central, donor, *(gateway.ticket(gift) for gift in gifts[:2]))
    page = text(await logged_in(central, donor))
    assert "Confirmed today Drill ¥100 payments confirmed by the bank: 2 Registered today: 3" in page


async def test_only_finance_sees_tasks_about_money(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, session: aiohttp.ClientSession
) -> None:
    gift = gateway.intent()
    await gateway.deliver([gift])
    await pays(central, donor, gateway.ticket(gift))
    async with central.database() as database:
        async with database.write() as connection:
            (line,) = await ledger_lines.of_intent(connection, gateway.id, gift.id)
            odd = replace(line, identity="received:another", slip="0000-0000", outside_permit=True)
            assert await ledger_lines.add(connection, odd)
        for name, role in (("money", Role.finance), ("viewer", Role.viewer)):
            await set_password(database, name, PASSWORD, datetime.now(UTC), place="huada", role=role)
    seen = {}
    for name in ("money", "viewer"):
        session.cookie_jar.clear()
        page = await donor.press(await donor.open(f"{central.url}/staff/"), name=name, password=PASSWORD)
        seen[name] = text(page)
    assert "A payment was made while the permit was not valid: ¥50." in seen["money"]
    assert "permit" not in seen["viewer"]
    assert "payments confirmed by the bank: 2" in seen["viewer"]
    assert "¥" not in seen["viewer"], "a sum over two gifts tells each of them to whoever gave the other"


async def test_staff_of_another_community_see_no_task(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, session: aiohttp.ClientSession
) -> None:
    gift = gateway.intent()
    dearer = structs.replace(gift, body=structs.replace(gift.body, amount_minor=9900))
    for parcel in (gift, dearer):
        await gateway.deliver([parcel])
    await pays(central, donor, gateway.ticket(gift))
    await reports(gateway, Hearing.deaf, waiting=17)
    await enrolled(central, DeliveringGateway(session, central.url), "neighbours")
    page = await logged_in(central, donor, "wang", "neighbours")
    assert gateway.id not in page.html
    tasks_shown = text(page)
    for words in ("receives nothing", "contradict", "17 records", "¥50"):
        assert words not in tasks_shown
    assert "¥0 payments confirmed by the bank: 0 Registered today: 0" in tasks_shown


async def test_the_overview_names_who_gets_no_alerts_and_which_gateways_are_old(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    await reports(gateway, version="0.0.9")
    page = text(await logged_in(central, donor))
    assert "Alerts reach nobody. There is no recipient. Alert recipients" in page
    assert "社区大厅 old software: 0.0.9" in page
    assert "with old software or settings: 1" in page

    published_at = datetime.now(UTC) - timedelta(minutes=11)
    version = int(published_at.timestamp())
    channel = Channel("c" * 32, TOP, "mail", "duty@huada.cn", "en", False, False, published_at, "chen")
    async with central.database() as database, database.write() as connection:
        await catalogues.add(connection, StoredCatalogue(version, "0" * 64, "{}", published_at, "huada"))
        await alerts.add_channel(connection, channel)
    await reports(gateway, version="999.1", catalogue_version=version - 86400)
    page = await overview(central, donor)
    assert "Alerts reach nobody" not in page, "a recipient of a place above counts"
    assert "old software:" not in page
    assert "社区大厅 old settings, of 20" in page

    async with central.database() as database, database.write() as connection:
        await alerts.record_failure(connection, channel.id, "refused", datetime.now(UTC) + timedelta(hours=1))
    await reports(gateway, version="999.1", catalogue_version=version)
    page = await overview(central, donor)
    assert "Alerts reach nobody. The last message to every recipient failed." in page
    assert "with old" not in page
    assert "old " not in text(await donor.open(f"{central.url}/staff/gateways"))


@pytest.mark.parametrize(
    ("reported", "own", "older"),
    [("0.9.2+git", "0.10", True), ("0.10", "0.10", False), ("0.10.1", "0.10", False), ("unknown", "0.1", True)],
)
def test_versions_are_compared_by_number(reported: str, own: str, older: bool) -> None:
    assert is_older(reported, own) is older
