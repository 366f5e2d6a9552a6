"""The design's components look as they did when somebody last approved; see tests/browser/components.py."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from kiosk_ui.assets import Assets
from kiosk_ui.display_preferences import Theme
from tests.browser.components import COMPARED, components_page, differences, kept, look
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
    changed, count = re.subn(rf"(--{token}:) [^;]+;", rf"\1 {value};", css, count=1)
    assert count == 1, token
    return changed


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("size", COMPARED)
async def test_every_component_looks_as_approved(open_page: OpenPage, url: str, size: str, theme: Theme) -> None:
    page = await open_page(*SIZES[size])
    await page.goto(f"{url}/{theme}")
    assert differences(kept(f"{size}-{theme}"), await look(page)) == []


@pytest.mark.parametrize("size", COMPARED)
async def test_every_component_is_readable_and_easy_to_touch(open_page: OpenPage, url: str, size: str) -> None:
    page = await open_page(*SIZES[size])
    await page.goto(f"{url}/{list(Theme)[COMPARED.index(size)]}")
    assert await violations(page) == []
    assert [each for each in await faults(page, staff=True) if "out of its box" not in each] == []


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("accent", "#931f0e"),
        ("ink-soft", "#52443b"),
        ("hairline", "#dccfbc"),
        ("paper", "#f8f3eb"),
        ("round", "13px"),
        ("type", "22.5px"),
        ("step-1", "1.18rem"),
        ("sum", "2.88rem"),
        ("gap", "15px"),
        ("target", "75px"),
        ("pick", "131px"),
        ("margin", "63px"),
    ],
)
async def test_a_token_that_changes_by_the_least_step_is_seen(
    browser: Browser, url: str, token: str, value: str
) -> None:
    page = await styled(browser, f"{url}/light", "kiosk", with_token(token, value))
    found = differences(kept("kiosk-light"), await look(page))
    await page.close()
    assert found, f"nobody would have noticed --{token}: {value}"


@pytest.mark.parametrize(
    ("broken", "component"),
    [
        (".projects .plate img { visibility: hidden; }", "c-cards"),
        (".code svg { opacity: 0; }", "c-code"),
        (".progress .part { transform: translateX(60%); }", "c-meter"),
        (".deeds { transform: translateY(50px); }", "c-buttons"),
        (".pad { grid-template-columns: repeat(4, 1fr); }", "c-pad"),
    ],
)
async def test_what_no_measure_tells_is_seen_in_the_picture(
    browser: Browser, url: str, broken: str, component: str
) -> None:
    css = Assets().files["pages.css"].content.decode() + broken
    page = await styled(browser, f"{url}/light", "kiosk", css)
    found = differences(kept("kiosk-light"), await look(page))
    await page.close()
    assert component in [each.split(":")[0] for each in found]


@pytest.mark.parametrize("family", ["Noto Serif CJK SC", "Noto Sans CJK JP", "Noto Sans CJK TC"])
async def test_another_edition_of_the_font_changes_nothing(browser: Browser, url: str, family: str) -> None:
    """A serif is more than any update of a font brings."""
    css = Assets().files["pages.css"].content.decode()
    page = await styled(browser, f"{url}/light", "kiosk", css.replace('"Noto Sans CJK SC"', f'"{family}"'))
    used = await page.evaluate("getComputedStyle(document.body).fontFamily")
    assert family in used
    found = differences(kept("kiosk-light"), await look(page))
    await page.close()
    assert found == []
