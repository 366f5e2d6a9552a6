"""Test the catalogue pages in a browser: layout on a phone, accessibility, each language."""

import pytest

from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage
from tests.browser.test_accessible import violations, with_axe
from tests.browser.test_staff import size_faults
from tests.browser.test_staff_accounts import central, log_in
from tests.fakes.central_process import RunningCentral

__all__ = ["central"]
pytestmark = pytest.mark.asyncio(loop_scope="session")
PATHS = (
    "projects",
    "projects/new",
    "projects/all/lunch",
    "organisations",
    "organisations/all/org-1",
    "beacons",
    "beacons/new",
    "bindings",
    "bindings/new",
    "import",
)


async def test_every_page_fits_and_is_readable(open_page: OpenPage, central: RunningCentral) -> None:
    page = await open_page(1280, 800)
    await with_axe(page)
    await log_in(page, central)
    wrong = []
    for number, path in enumerate(PATHS):
        language = list(Language)[number % 3]
        await page.goto(f"{central.url}/staff/{path}?lang={language}")
        assert await page.locator("main h1").count() == 1, path
        found = await size_faults(page, "() => []")
        wrong += [f"{path} {language}: {fault}" for fault in found]
        wrong += [f"{path} {language}: {violation}" for violation in await violations(page)]
    assert not wrong


async def test_a_form_with_faults_says_where_they_are_and_keeps_what_was_typed(
    open_page: OpenPage, central: RunningCentral
) -> None:
    page = await open_page(360, 740)
    await log_in(page, central)
    await page.goto(f"{central.url}/staff/bindings/new?lang=en")
    await page.fill("[name=hours]", "noon")
    await page.uncheck("[name=day7]")
    async with page.expect_navigation():
        await page.click(".record button")
    assert await page.locator("#fault-hours").inner_text() == (
        "These are not hours. Write them like 10:00-13:30; separate several by spaces."
    )
    assert await page.input_value("[name=hours]") == "noon"
    assert not await page.is_checked("[name=day7]")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await violations(page) == []
