"""From the staff's pages to a gateway: the bulletin without a name, and a bell that rings once."""

import re
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from beacon_gateway.kiosk.bulletin_board import BulletinBoard
from beacon_gateway.store.bulletins import Bulletins
from beacon_gateway.store.database import open_database
from beacon_gateway.sync.bulletin_pull import load_stored, pull_bulletin
from beacon_gateway.sync.central_client import open_central
from central_server.accounts.access import Role
from central_server.alerts.lifecycle import update_alerts
from central_server.state_files import catalogue_key
from central_server.store.alerts import alerts, bells
from central_server.store.places.places import TOP
from sync_contract.records import Receipt, StaffCalled
from sync_contract.request_signature import Signer
from sync_contract.strict_model import Environment
from tests.databases import sqlite_only
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.unit.beacon_gateway.sync.test_drain import run_until
from tests.unit.central_server.conftest import enrolled
from tests.unit.volunteering.community_desk import NEIGHBOURS, log_in
from tests.unit.volunteering.member_phone import NAME, NUMBER, Phone, press
from tests.unit.volunteering.test_requests import BUILDING, DOOR, HELP, NOTE, REQUESTS, form
from volunteering.part import PART
from volunteering.staff.today_page import TODAY


@sqlite_only
async def test_a_gateway_gets_what_everybody_may_see_and_its_bell_reaches_staff_once(
    central: RunningCentral, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    path = await (await log_in(central, session, Role.staff)).make_activity()
    phone = Phone.new(central.url)
    await phone.join(path)
    await phone.act(path, "sign-up")
    for grid in ("5-1", "9-9"):
        await phone.donor.press(await phone.open(f"{HELP}/new"), **form(grid=grid))
    await phone.session.close()
    steward = await log_in(central, session, Role.steward)
    listed = (await steward.open(REQUESTS)).html
    first = re.search(rf"{REQUESTS}/[0-9a-f]{{32}}", listed)
    assert first is not None
    await press(steward.donor, await steward.open(first[0]), "check")
    async with aiohttp.ClientSession() as http:
        gateway = await enrolled(central, DeliveringGateway(http, central.url))
        text = await _pulled(central, gateway, tmp_path)
        assert not [word for word in (NAME, NUMBER, BUILDING, DOOR, NOTE) if word in text]
        await _rings_once(central, gateway)
        await _is_answered(central, session, gateway)


async def _pulled(central: RunningCentral, gateway: DeliveringGateway, folder: Path) -> str:
    """Pull as a gateway does, and again from the store as after a restart; return the payload."""
    key, drill = catalogue_key(central.state).public_key(), Environment.drill
    board = BulletinBoard(lambda: datetime.now(UTC), lambda: None)
    async with (
        open_database(folder / "gateway.db") as database,
        open_central(central.url, lambda: Signer(gateway.id, gateway.key)) as client,
    ):
        store = Bulletins(database)

        async def stored() -> bool:
            return await store.newest() is not None

        await run_until(stored, pull_bulletin(client, key, drill, store, board, progress=lambda: None))
        again = BulletinBoard(lambda: datetime.now(UTC), lambda: None)
        await load_stored(store, key, drill, again)
        bulletin = again.current()
        assert bulletin is not None
        assert bulletin == board.current()
        (activity,), (request,) = bulletin.activities, bulletin.requests
        assert (activity.seats, activity.free, activity.title.en) == (3, 2, "Hot meals for elders")
        assert (request.kind, request.grid) == ("repair", "5-1"), "what nobody has checked is not shown"
        assert bulletin.home == "/community/huada"
        other = DeliveringGateway().key.public_key()
        await load_stored(store, other, drill, again)
        assert await store.newest() is None, "what another key signed is deleted"
        return bulletin.model_dump_json()


async def _rings_once(central: RunningCentral, gateway: DeliveringGateway) -> None:
    """The parcel arrives late, twice, as after a network that was down; another environment's bell is refused."""
    late = gateway._parcel(StaffCalled(environment=Environment.drill))
    foreign = gateway._parcel(StaffCalled(environment=Environment.real))
    receipts = [each.receipt for _ in range(2) for each in await gateway.deliver([late, foreign])]
    assert receipts == [Receipt.accepted, Receipt.refused, Receipt.duplicate, Receipt.refused]
    async with central.database() as database:
        now = datetime.now(UTC)
        await update_alerts(database, "drill", (), now, of_parts=[PART.find_tasks])
        async with database.write() as connection:
            assert len(await bells.every(connection, [TOP])) == 1
            found = [each for each in await alerts.open_ones(connection, [TOP]) if each.kind == "bell"]
            assert [(each.count, each.gateway, each.link) for each in found] == [
                (1, gateway.id, "/staff/volunteers/today")
            ]


async def _is_answered(central: RunningCentral, session: aiohttp.ClientSession, gateway: DeliveringGateway) -> None:
    """Staff of the community see the bell on their page of today, and end it; the neighbours do neither."""
    neighbour = await log_in(central, session, Role.staff, NEIGHBOURS)
    page = await neighbour.open(TODAY)
    csrf = page.html.split('name="csrf" value="')[1][:64]
    await neighbour.donor.send(f"{central.url}/staff/volunteers/bells/{gateway.id}/answer", {"csrf": csrf})
    assert "Someone rang" not in page.text()
    desk = await log_in(central, session, Role.steward)
    page = await desk.open(TODAY)
    for words in ("Someone rang at the screen 社区大厅", "Hot meals for elders", "1 of 3", "to be checked"):
        assert words in page.text(), words
    page = await press(desk.donor, page, "answer")
    assert "Someone rang" not in page.text()
