"""Test places, accounts and the second factor in a browser: layout on a phone, a code that can be scanned."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import Page

from central_server.accounts.access import Role
from central_server.store.places import contacts, places
from central_server.store.places.contacts import Contact
from central_server.store.places.places import TOP, Place, PlaceKind
from sync_contract.project import Texts
from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage
from tests.browser.test_accessible import violations
from tests.browser.test_staff import size_faults
from tests.fakes.central_process import RunningCentral, running_bank, running_central
from tests.fakes.staff_account import set_password

pytestmark = pytest.mark.asyncio(loop_scope="session")
PASSWORD = "correct horse battery"
LONG = "a-very-long-account-name.of-somebody@community.example.org"
NAMES = Texts.model_validate(
    {"zh-Hans": "丰泽街道办事处", "zh-Hant": "豐澤街道辦事處", "en": "Fengze street office, Quanzhou, Fujian"}
)
PATHS = (
    "places",
    "places/fengze",
    "places/huada",
    "accounts",
    f"accounts/{LONG}",
    "accounts/chen",
    "audit",
    "me",
    "password",
    "factor",
)
_SMALL = """() => [...document.querySelectorAll('a, button, summary, select, input:not([type=hidden])')]
  .filter((each) => each.checkVisibility() && !each.matches('#menu-open'))
  .map((each) => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => box.height < 44 || box.width < 44)
  .map(([each, box]) => each.outerHTML.slice(0, 80))"""


@pytest_asyncio.fixture(loop_scope="session")
async def central(tmp_path: Path) -> AsyncIterator[RunningCentral]:
    async with AsyncExitStack() as edges:
        bank = await edges.enter_async_context(running_bank(tmp_path / "bank"))
        central = await edges.enter_async_context(running_central(tmp_path / "central", bank))
        now = datetime.now(UTC)
        async with central.database() as database:
            async with database.write() as connection:
                await places.plant(connection, Place("quanzhou", PlaceKind.city, TOP, NAMES), now)
                await places.plant(connection, Place("fengze", PlaceKind.street, "quanzhou", NAMES), now)
                await places.plant(connection, Place("huada", PlaceKind.community, "fengze", NAMES), now)
                await contacts.put(connection, "quanzhou", Contact("12345"))
                await contacts.put(connection, "fengze", Contact("0595-1234 5678 (8) 0123456789", NAMES, NAMES))
            await set_password(database, "chen", PASSWORD, now, role=Role.chief)
            await set_password(database, LONG, PASSWORD, now, place="huada", role=Role.finance)
        yield central


async def log_in(page: Page, central: RunningCentral) -> None:
    """In English from then on. A click does not wait for where it leads, and who leaves before is not logged in."""
    await page.goto(f"{central.url}/staff/login?lang=en")
    await page.fill("input[name=name]", "chen")
    await page.fill("input[name=password]", PASSWORD)
    async with page.expect_navigation():
        await page.click("main form button")


async def test_every_page_fits_and_is_easy_to_hit(open_page: OpenPage, central: RunningCentral) -> None:
    page = await open_page(1280, 800)
    await log_in(page, central)
    wrong = []
    for number, path in enumerate(PATHS):
        language = list(Language)[number % 3]
        await page.goto(f"{central.url}/staff/{path}?lang={language}")
        wrong += [f"{path} {language}: {fault}" for fault in await size_faults(page, _SMALL)]
        wrong += [f"{path} {language}: {violation}" for violation in await violations(page)]
    assert not wrong


async def test_the_second_step_is_set_up_from_what_the_page_shows(open_page: OpenPage, central: RunningCentral) -> None:
    page = await open_page(360, 740)
    await log_in(page, central)
    await page.goto(f"{central.url}/staff/factor")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")
    await page.locator("img.qr").evaluate("(picture) => picture.decode()")  # rejects what cannot be shown
    size = await page.locator("img.qr").evaluate("(picture) => [picture.naturalWidth, picture.clientWidth]")
    assert size[0] > 0, "the picture is not shown under the page's own policy"
    assert size[1] >= 200
    await page.get_by_text("If the app cannot scan").click()
    secret = (await page.locator("details .code").inner_text()).replace(" ", "")
    await page.fill("input[name=code]", pyotp.TOTP(secret).now())
    await page.click("form[action='/staff/factor/prove'] button")
    await page.wait_for_url("**/staff/me")
    assert await page.get_by_text("Switched on").count() == 1
