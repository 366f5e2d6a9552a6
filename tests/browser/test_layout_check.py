"""Test that the layout check finds faults."""

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.layout import faults

pytestmark = pytest.mark.asyncio(loop_scope="session")
FINE = "font: 22px sans-serif; color: #000; background: #fff; margin: 0; padding: 20px"
BUTTON = "width: 100px; height: 80px; font-size: 22px; color: #000; background: #fff; border: 2px solid #000"
STUCK = """<p class="drill" style="position: sticky; top: 0">practice</p>
<main style="height: 3000px"><section id="one"><h2>A project</h2></section></main>"""

COVERED = """<p style="position: relative"><b class="title">neighbours</b>
<i class="card-arrow" style="position: absolute; left: 40px; top: 0; width: 60px; height: 60px"></i></p>"""


CASES: tuple[tuple[str, str | None], ...] = (
    ("<p>A whole page</p>", None),
    ('<div style="width: 2000px">wide</div>', "scrolls sideways"),
    ('<p style="font-size: 18px">small</p>', "text of 18 px"),
    ('<p style="width: 22px; word-break: break-all">其他金额</p>', "one character a line"),
    ('<p style="width: 70px">一二三<wbr>四</p>', "alone on the last line"),
    ('<p style="width: 70px; word-break: keep-all">一二<wbr>三<b>四</b></p>', None),
    ('<p style="width: 70px">一二三四</p>', "a phrase broken in two"),
    ('<p style="width: 90px; word-break: keep-all">一二三，四五</p>', None),
    ('<p style="color: #777">pale</p>', "contrast 4.48"),
    (f'<button style="{BUTTON}; width: 60px">go</button>', "target of 60 x 80"),
    (f'<button style="{BUTTON}; margin-left: -26px">go</button>', "to the edge"),
    (f'<button style="{BUTTON}">a</button><button style="{BUTTON}">b</button>', "px between"),
    (f'<button class="key" style="{BUTTON}; border-color: #bbb">a</button>', "edge contrast"),
    ('<main><p>under</p><p style="margin-top: -40px">above</p></main>', "lies over"),
    ('<div class="code"><svg width="200" height="200"></svg></div>', "code of 200"),
    ('<p style="width: 70px; overflow-wrap: anywhere">¥12,345.67</p>', "a number broken in two, ¥12,345.67"),
    ('<p style="width: 70px; overflow-wrap: anywhere">¥<b>12,345</b>,678</p>', "a number broken in two"),
    ('<p style="width: 90px; overflow-wrap: anywhere">Community</p>', "a word broken in two, Community"),
    (COVERED, "under the arrow"),
    ('<p style="width: 200px; word-break: keep-all">一二三四五 ¥12,345.67 一二三四五六</p>', None),
    ('<p class="drill">practice</p><main><h1 style="margin-top: -40px">How much?</h1></main>', "lies over"),
    (STUCK, "lies over"),
    (f'<button style="{BUTTON}" aria-disabled="true">go</button>', "looks as if it could be used"),
    (f'<button style="{BUTTON}" disabled>go</button>', "looks as if it could be used"),
    ('<a style="display: block; height: 72px; font-size: 40px">a<br>b</a>', "out of what"),
    ('<p class="stay" style="position: fixed; top: 820px">more</p>', "out of what"),
    ('<ul><li>one</ul><ul style="margin-top: -54px"><li>two</ul>', "is written over"),
    ('<p class="tab" style="height: 40px; position: fixed; bottom: 90px"><b>one</b><br><b>two</b></p>', "the tab"),
    ('<p style="position: absolute; left: -30px">cut off</p>', "off the screen"),
    ('<p lang="en" style="font-family: Noto Sans CJK SC">it’s</p>', "a quotation mark as wide"),
)
"""Content of a page, and a word of the fault that it has; None for a page without a fault."""


async def test_the_check_sees_every_fault_and_no_other(open_page: OpenPage) -> None:
    page = await open_page(1280, 800)
    wrong = {}
    for body, word in CASES:
        await page.set_content(f'<html lang="zh-Hans"<body style="{FINE}">{body}')
        found = await faults(page)
        if found if word is None else not any(word in fault for fault in found):
            wrong[body, word] = found
    assert wrong == {}
