"""Live pages update without a reload."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from playwright.async_api import Page, expect

from central_server.store.api import deliveries, webhooks
from central_server.store.api.deliveries import Delivery
from central_server.store.api.webhooks import Webhook
from central_server.store.catalogue import beacons
from central_server.store.catalogue.beacons import StoredBeacon
from sync_contract.catalogue import BeaconKind
from sync_contract.uuid7 import new_id
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.browser.test_staff import Hall, log_in
from tests.browser.test_staff_figures import busy_hall
from tests.fakes.counting import count_all
from tests.unit.central_server.statistics_world import place, stretch

__all__ = ["busy_hall"]
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def news(page: Page, hall: Hall, wanted: str) -> None:
    """What arrives before the stream has looked around is told with the next."""
    await expect(page.locator("html[data-heard]")).to_have_count(1, timeout=PATIENCE_MS)
    await page.evaluate("document.documentElement.dataset.mark = 'the same page'")
    for _ in range(40):
        if wanted in await page.locator("main").inner_text():
            break
        await hall.gateway.deliver([hall.gateway.statistics()])
        await asyncio.sleep(0.5)
    await expect(page.locator("main")).to_contain_text(wanted, timeout=PATIENCE_MS)
    assert await page.evaluate("document.documentElement.dataset.mark") == "the same page", "it was not loaded again"


async def test_a_beacon_that_is_heard_is_seen_so(open_page: OpenPage, busy_hall: Hall) -> None:
    now = datetime.now(UTC)
    one = place(77, 5)
    beacon = StoredBeacon(new_id(), "huada", one.beacon, BeaconKind.place, "side door", -59, "", None, (), "", now, "")
    async with busy_hall.central.database() as database:
        async with database.write() as connection:
            await beacons.save(connection, beacon, 0)
        page = await open_page(1280, 800)
        await log_in(page, busy_hall, "/staff/")
        await page.goto(f"{busy_hall.central.url}/staff/beacons?lang=en&status=active")
        await expect(page.locator("main")).not_to_contain_text("side door")
        await busy_hall.gateway.deliver([stretch(501, now - timedelta(minutes=6), places=(one,))])
        await count_all(database)
    await news(page, busy_hall, "side door")


async def test_a_delivery_is_seen_on_the_webhooks_page(open_page: OpenPage, busy_hall: Hall) -> None:
    now = datetime.now(UTC)
    hook = Webhook(new_id(), "huada", "https://192.0.2.1/hook", "donation.paid", "00" * 32, now)
    async with busy_hall.central.database() as database:
        async with database.write() as connection:
            await webhooks.add(connection, hook)
        page = await open_page(1280, 800)
        await log_in(page, busy_hall, "/staff/")
        await page.goto(f"{busy_hall.central.url}/staff/webhooks/{hook.id}?lang=en")
        gone = Delivery(new_id(), hook.id, "donation.paid", "state_changes", 1, "{}", now, None)
        async with database.write() as connection:
            await deliveries.put(connection, [gone])
    await news(page, busy_hall, gone.id)


async def test_a_record_that_comes_again_is_seen_on_its_page(open_page: OpenPage, busy_hall: Hall) -> None:
    gift = busy_hall.gateway.intent()
    other = replace(gift, body=replace(gift.body, amount_minor=9900))
    await busy_hall.gateway.deliver([gift])
    page = await open_page(1280, 800)
    await log_in(page, busy_hall, "/staff/")
    await page.goto(f"{busy_hall.central.url}/staff/parcels/{busy_hall.gateway.id}/{gift.id}?lang=en")
    await expect(page.locator("main")).not_to_contain_text("99.00")
    await busy_hall.gateway.deliver([other])
    await news(page, busy_hall, "99.00")
