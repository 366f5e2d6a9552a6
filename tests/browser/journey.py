"""Walk a resident's journey through the pages, by addresses and not by texts."""

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, TimeoutError, expect

from sync_contract.strict_model import Language

Pay = Callable[[str], Awaitable[None]]
"""What happens on the phone: gets the address in the code, returns when the bank has been paid."""
Seen = Callable[[str, Page], Awaitable[None]]
"""Told of each screen by name, when it stands: for pictures and for checks."""


async def nothing(_: str, __: Page) -> None:
    pass


async def walk_the_journey(
    page: Page,
    kiosk_url: str,
    *,
    language: Language,
    project: str,
    amount_fen: int,
    pay: Pay,
    seen: Seen = nothing,
) -> str:
    """From the first page to the thanks of the first page's own accord; gives the slip's number.

    An amount that is no quick pick is typed on the number pad. The page stays on the thanks.
    """
    await page.goto(kiosk_url + "/")
    await choose_language(page, language)
    await seen("attract", page)
    await choose_project(page, kiosk_url, project)
    await seen("project", page)
    await page.click("main .button.main")
    await page.wait_for_url(f"**/project/{project}/amount")
    await seen("amount", page)
    await choose_amount(page, amount_fen, seen)
    await page.wait_for_url("**/handoff")
    await seen("handoff", page)
    address = await page.get_attribute("#open", "href")
    assert address
    await pay(address)
    await page.wait_for_url("**/thanks")
    await seen("thanks", page)
    slip = await page.text_content(".slip")
    assert slip
    return slip


async def choose_language(page: Page, language: Language) -> None:
    if await page.get_attribute("html", "lang") != language:
        await touch(page, f".languages button[value='{language}']", f"html[lang='{language}']")


async def choose_project(page: Page, kiosk_url: str, project: str) -> None:
    """From the list; a card that comes near may turn the first page to one project, even under the finger."""
    card = f".projects a[href='/project/{project}']"
    for _ in range(60):
        if not await page.locator(card).count():
            await page.goto(kiosk_url + "/projects")
        try:
            await page.click(card, timeout=3000)
            await page.wait_for_url(f"**/project/{project}", timeout=1_000)
        except TimeoutError:
            continue
        return
    raise AssertionError(f"{page.url} is still shown")


async def choose_amount(page: Page, amount_fen: int, seen: Seen = nothing) -> None:
    await page.wait_for_selector("a.pick.other")  # the page with the amounts is there
    pick = page.locator(f".pick[value='{amount_fen}']")
    if await pick.count():
        await pick.click()
        return
    await page.click("a.pick.other")
    digits = str(amount_fen // 100)
    for so_far, digit in enumerate(digits, start=1):
        await page.click(f".key[data-key='{digit}']")
        await expect(page.locator("#typed")).to_have_text(f"¥{digits[:so_far]}")  # without script, on a new page
    await seen("keypad", page)
    await page.click("main .button.main")


async def next_person(page: Page) -> None:
    """Frees the kiosk; it then shows the first page again."""
    await touch(page, "main form[action='/next'] button", "body.page-attract")


async def touch(page: Page, selector: str, wanted: str) -> None:
    """Touch until the wanted thing is on the page, which ignores touches just after it changed by itself."""
    for _ in range(60):
        if await page.locator(selector).count():
            await page.click(selector)
        try:
            await page.wait_for_selector(wanted, timeout=1_000)
        except TimeoutError:
            continue
        return
    raise AssertionError(f"{page.url} is still shown")
