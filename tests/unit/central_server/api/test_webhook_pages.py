"""Make a webhook on the staff pages and see its deliveries; the event of a paid gift."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from central_server.api.webhooks.events import Event
from central_server.store.api import webhooks
from central_server.store.api.webhooks import Webhook
from central_server.store.engine.database import Database
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import CONFIG, RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway, as_json
from tests.fakes.donor import Donor
from tests.fakes.webhook_receiver import receiving
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.staff.test_staff import logged_in

SALT = "ab" * 32


@pytest.fixture
async def open_central(tmp_path: Path, bank: RunningBank) -> AsyncIterator[RunningCentral]:
    config = CONFIG.replace("[bank]", "[webhooks]\nprivate_network = true\n[bank]")
    async with running_central(tmp_path / "central", bank, config=config) as central:
        yield central


async def test_staff_make_a_webhook_and_see_its_deliveries(
    open_central: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    gateway = await enrolled(open_central, DeliveringGateway(session, open_central.url))
    await logged_in(open_central, donor)
    page = await donor.open(f"{open_central.url}/staff/webhooks")
    for wrong in ("ftp://x.example/", "https://user@x.example/"):
        refused_page = await donor.press(page, url=wrong, place="huada", **{"event-parcel_refused": "on"})
        assert refused_page.status == 422
        assert "fault" in refused_page.html
    async with receiving() as receiver:
        made = await donor.press(page, url=receiver.url, place="huada", **{"event-parcel_refused": "on"})
        assert made.status == 200
        found = re.search(r"whsec_[A-Za-z0-9+/=]+", made.text())
        assert found is not None
        receiver.secret = found[0]
        await gateway.post_batch({"contract": 1, "parcels": [as_json(gateway.intent()) | {"body": {"kind": "poem"}}]})
        async with asyncio.timeout(60):
            while "Arrived" not in (page := await donor.open(made.url)).text():
                await asyncio.sleep(0.2)
        assert (len(receiver.came), receiver.forged) == (1, 0)
        assert receiver.came[0][1]["data"] == {
            "gateway": gateway.id,
            "parcel": receiver.came[0][1]["data"]["parcel"],
            "kind": "unknown",
            "reason": "invalid: body.kind",
        }
        assert "Answer 204 after" in page.text()
        await donor.press(page, action="try")
        async with asyncio.timeout(60):
            while len(receiver.came) < 2:
                await asyncio.sleep(0.2)
        body = receiver.came[1][1]
        assert (body["event"], body["data"], body["community"]) == ("webhook.trial", {"kind": "trial"}, "huada")
        assert receiver.forged == 0


async def test_the_event_of_a_paid_gift_does_not_identify_the_donor(
    open_central: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    gateway = await enrolled(open_central, DeliveringGateway(session, open_central.url))
    async with receiving() as receiver, open_central.database() as database:
        await hook_only(database, receiver.url)
        await gateway.deliver([gift := gateway.intent()])
        await donor.give(f"{open_central.url}/t/{gateway.ticket(gift)}")
        async with asyncio.timeout(60):
            while not receiver.came:
                await asyncio.sleep(0.2)
    data = receiver.came[0][1]["data"]
    assert set(data) == {"gateway", "intent", "environment", "project", "amount_minor", "currency", "slip"}
    assert (data["intent"], data["environment"], data["amount_minor"]) == (gift.id, "drill", 5000)
    assert data["slip"]


async def hook_only(database: Database, url: str) -> None:
    async with database.write() as connection:
        await webhooks.add(
            connection, Webhook(new_id(), "huada", url, Event.donation_paid.value, SALT, datetime.now(UTC))
        )
