"""Test that the components look as approved; see tests/browser/components.py."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from kiosk_ui.assets import Assets
from kiosk_ui.display_preferences import Theme
from tests.browser.components import COMPARED, capture, components_page, differences, load_reference
from tests.browser.conftest import OpenPage
from tests.browser.layout import SIZES, faults
from tests.browser.test_accessible import violations

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url() -> AsyncIterator[str]:
    async with components_page() as url:
        yield url


async def styled(browser: Browser, address: str, name: str, css: str) -> Page:
    """The page as it would be with another stylesheet."""
    width, height = SIZES[name]
    page = await browser.new_page(viewport={"width": width, "height": height})
    body = css
    await page.route("**/pages.css*", lambda route: route.fulfill(content_type="text/css", body=body))
    await page.goto(address)
    return page


def with_token(token: str, value: str) -> str:
    """The stylesheet with one token's first value changed."""
    css = Assets().files["pages.css"].content.decode()
    changed, count = re.subn(rf"(--{token}:)[^;]+;", rf"\g<1>{value};", css, count=1)
    assert count == 1, token
    return changed


@pytest.mark.parametrize(("size", "theme"), COMPARED)
async def test_every_component_looks_as_approved(open_page: OpenPage, url: str, size: str, theme: Theme) -> None:
    page = await open_page(*SIZES[size])
    await page.goto(f"{url}/{theme}")
    assert differences(load_reference(f"{size}-{theme}"), await capture(page)) == []


@pytest.mark.parametrize(("size", "theme"), [*zip(("kiosk", "small", "phone"), Theme, strict=True)])
async def test_every_component_is_readable_and_easy_to_touch(
    open_page: OpenPage, url: str, size: str, theme: Theme
) -> None:
    page = await open_page(*SIZES[size])
    await page.goto(f"{url}/{theme}")
    assert await violations(page) == []
    assert [each for each in await faults(page, staff=True) if "out of its box" not in each] == []


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("accent", "#931f0e"),
        ("target", "83px"),
    ],
)
async def test_the_smallest_change_of_a_token_is_detected(browser: Browser, url: str, token: str, value: str) -> None:
    page = await styled(browser, f"{url}/light", "kiosk", with_token(token, value))
    found = differences(load_reference("kiosk-light"), await capture(page))
    await page.close()
    assert found, f"nobody would have noticed --{token}: {value}"


@pytest.mark.parametrize(
    ("broken", "component"),
    [
        (".projects .scene img { visibility: hidden; }", "c-cards"),
        (".buttons { transform: translateY(50px); }", "c-buttons"),
    ],
)
async def test_a_fault_that_no_measure_shows_is_in_the_picture(
    browser: Browser, url: str, broken: str, component: str
) -> None:
    css = Assets().files["pages.css"].content.decode() + broken
    page = await styled(browser, f"{url}/light", "kiosk", css)
    found = differences(load_reference("kiosk-light"), await capture(page))
    await page.close()
    assert component in [each.split(":")[0] for each in found]


async def test_a_different_font_changes_nothing(browser: Browser, url: str) -> None:
    """A serif differs more than any update of a font."""
    family = "Noto Serif CJK SC"
    css = Assets().files["pages.css"].content.decode()
    page = await styled(browser, f"{url}/light", "kiosk", css.replace('"Noto Sans CJK SC"', f'"{family}"'))
    used = await page.evaluate("getComputedStyle(document.body).fontFamily")
    assert family in used
    found = differences(load_reference("kiosk-light"), await capture(page))
    await page.close()
    assert found == []
