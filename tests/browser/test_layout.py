import pytest

from kiosk_ui.look import TextSize, Theme
from kiosk_ui.views import Surface
from sync_contract.strict import Language
from tests.browser.conftest import OpenPage
from tests.browser.gallery import KIOSK, PHONE
from tests.browser.layout import SIZES, faults

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("size", SIZES)
async def test_every_kiosk_page_is_whole_readable_and_easy_to_touch(
    open_page: OpenPage, gallery_url: str, size: str, language: Language
) -> None:
    """Every pair of size, language, size of text and colours, on every page; `./dev soak` has all of them together."""
    page = await open_page(*SIZES[size])
    row, column = list(SIZES).index(size), list(Language).index(language)
    wrong = {}
    for number, name in enumerate(KIOSK):
        # two orthogonal Latin squares: over the sizes and languages, each pair of the four choices meets on every page
        theme = list(Theme)[(row + column + number) % 3]
        text = list(TextSize)[(row + 2 * column + number) % 3]
        address = f"{gallery_url}/{Surface.kiosk}/{name}/{language}?text={text}&theme={theme}"
        await page.goto(address)
        if found := await faults(page):
            wrong[address] = found
    assert not wrong


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("width", [320, 360, 430])
async def test_every_phone_page_is_whole_readable_and_easy_to_touch(
    open_page: OpenPage, gallery_url: str, width: int, language: Language
) -> None:
    page = await open_page(width, 740)
    wrong = {}
    for name in PHONE:
        await page.goto(f"{gallery_url}/{Surface.phone}/{name}/{language}")
        if found := await faults(page):
            wrong[name] = found
    assert not wrong


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("size", ["kiosk", "small"])
async def test_what_to_do_next_is_in_reach_without_scrolling(
    open_page: OpenPage, gallery_url: str, size: str, language: Language
) -> None:
    width, height = SIZES[size]
    page = await open_page(width, height)
    for name in KIOSK:
        await page.goto(f"{gallery_url}/{Surface.kiosk}/{name}/{language}")
        for deed in await page.locator("main :is(.deed, .pick, .key, .code svg)").all():
            box = await deed.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= height, f"{name}: {await deed.text_content()}"


async def test_the_question_whether_somebody_is_still_there_is_whole_too(open_page: OpenPage, gallery_url: str) -> None:
    for size in SIZES.values():
        page = await open_page(*size)
        await page.goto(f"{gallery_url}/{Surface.kiosk}/amount/zh-Hans")
        await page.evaluate("document.querySelectorAll('main, header, .drill').forEach((each) => (each.hidden = true))")
        await page.evaluate("document.getElementById('stay').hidden = false")
        assert await faults(page) == []
