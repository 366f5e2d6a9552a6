"""Test the page for printing a beacon: layout on a phone, accessibility, the downloaded PDF."""

import pytest

from central_server.store.catalogue import beacons
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.engine import versioned_rows
from sync_contract.catalogue import BeaconKind
from sync_contract.code_address import in_capitals
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id
from tests.browser.conftest import OpenPage
from tests.browser.test_accessible import violations
from tests.browser.test_staff import size_faults
from tests.browser.test_staff_accounts import _SMALL, central, log_in
from tests.fakes.central_process import RunningCentral
from tests.unit.central_server.catalogue_world import DOOR, NOW
from tests.unit.kiosk_ui.printed import codes, printed

__all__ = ["central"]
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def known(central: RunningCentral) -> str:
    id_ = new_id()
    async with central.database() as database, database.write() as connection:
        await versioned_rows.begin(connection)
        beacon = StoredBeacon(
            id_, "huada", DOOR, BeaconKind.place, "大厅东墙 east wall, hall", -59, "", None, (), "", NOW, "chen"
        )
        await beacons.save(connection, beacon, 0)
        await versioned_rows.record_edit(connection, "huada", NOW)
    return id_


async def test_staff_download_a_poster(open_page: OpenPage, central: RunningCentral) -> None:
    id_ = await known(central)
    page = await open_page(1280, 800)
    await log_in(page, central)
    for language in Language:
        await page.goto(f"{central.url}/staff/beacons/{id_}/poster?lang={language}")
        assert await size_faults(page, _SMALL) == []
        assert await violations(page) == []
    await page.goto(f"{central.url}/staff/beacons/{id_}?lang=en")
    async with page.expect_navigation():
        await page.click("text=Posters and stickers")
    await page.select_option("select[name=language]", "zh-Hans-en")
    await page.select_option("select[name=project]", "lunch")
    await page.fill("input[name=phone]", "0595-2269 0000")
    async with page.expect_download() as download:
        await page.click("main form button")
    beacon = await download.value
    assert beacon.suggested_filename == "a4-1-1-lunch.pdf"
    made = printed((await beacon.path()).read_bytes())
    assert codes(made.picture(110)) == [in_capitals(f"{central.url}/H/{DOOR}")]
