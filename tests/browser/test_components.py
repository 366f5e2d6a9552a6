"""Test that the components look as approved; see tests/browser/components.py."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page

from kiosk_ui.assets import Assets
from kiosk_ui.display_preferences import Theme
from tests.browser.components import COMPARED, Seen, capture, components_page, differences, load_reference, measure
from tests.browser.conftest import OpenPage
from tests.browser.layout import SIZES, faults
from tests.browser.test_accessible import violations

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url() -> AsyncIterator[str]:
    async with components_page() as url:
        yield url


async def styled(open_page: OpenPage, address: str, css: str) -> Page:
    """Open the page as it would be with another stylesheet, on the screen of a kiosk."""
    page = await open_page(*SIZES["kiosk"])
    await page.route("**/pages.css*", lambda route: route.fulfill(content_type="text/css", body=css))
    await page.goto(address)
    return page


def with_token(token: str, value: str) -> str:
    """The stylesheet with one token's first value changed."""
    css = Assets().files["pages.css"].content.decode()
    changed, count = re.subn(rf"(--{token}:)[^;]+;", rf"\g<1>{value};", css, count=1)
    assert count == 1, token
    return changed


READ = (("kiosk", Theme.contrast), ("small", Theme.light), ("phone", Theme.dark))
"""Each screen and each theme once."""


@pytest.mark.parametrize(("size", "theme"), COMPARED)
async def test_every_component_looks_as_approved_and_is_readable_and_easy_to_touch(
    open_page: OpenPage, url: str, size: str, theme: Theme
) -> None:
    page = await open_page(*SIZES[size])
    await page.goto(f"{url}/{theme}")
    assert differences(load_reference(f"{size}-{theme}"), await capture(page)) == []
    if (size, theme) in READ:
        assert await violations(page) == []
        assert [each for each in await faults(page, staff=True) if "out of its box" not in each] == []


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("accent", "#931f0e"),
        ("target", "83px"),
    ],
)
async def test_the_smallest_change_of_a_token_is_measured(
    open_page: OpenPage, url: str, token: str, value: str
) -> None:
    page = await styled(open_page, f"{url}/light", with_token(token, value))
    before = load_reference("kiosk-light")
    found = differences(before, Seen(await measure(page), before.pictures))
    assert found, f"nobody would have noticed --{token}: {value}"


async def test_a_fault_that_no_measure_shows_is_in_the_picture(open_page: OpenPage, url: str) -> None:
    broken = ".projects .scene img { visibility: hidden; } .buttons { transform: translateY(50px); }"
    page = await styled(open_page, f"{url}/light", Assets().files["pages.css"].content.decode() + broken)
    found = differences(load_reference("kiosk-light"), await capture(page))
    assert {each.split(":")[0] for each in found} >= {"c-cards", "c-buttons"}


async def test_a_different_font_changes_nothing(open_page: OpenPage, url: str) -> None:
    """A serif differs more than any update of a font."""
    family = "Noto Serif CJK SC"
    css = Assets().files["pages.css"].content.decode()
    page = await styled(open_page, f"{url}/light", css.replace('"Noto Sans CJK SC"', f'"{family}"'))
    used = await page.evaluate("getComputedStyle(document.body).fontFamily")
    assert family in used
    assert differences(load_reference("kiosk-light"), await capture(page)) == []
