"""Test the examples on the amount buttons: short, and nothing out of reach."""

import pytest
from playwright.async_api import Page, expect

from sync_contract.project import HAN, LATIN, MOST_EXAMPLES, Example, Project
from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage
from tests.browser.fake_giving import FakeKiosk
from tests.browser.layout import SIZES, faults
from tests.browser.projects import LUNCH, READING, example

pytestmark = pytest.mark.asyncio(loop_scope="session")
LONGEST: Project = LUNCH.model_copy(
    update={
        "pays_for": tuple(
            example(
                yuan, "约" + "一" * (HAN - 1), "約" + "一" * (HAN - 1), "about two pen sets and more"[:LATIN].strip()
            )
            for yuan in (10, 50, 100, 200)[:MOST_EXAMPLES]
        )
    }
)


async def captions(page: Page) -> dict[str, str]:
    """By fen."""
    found: dict[str, str] = await page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.pick span')]"
        ".map((each) => [each.closest('.pick').value, each.textContent]))"
    )
    return found


@pytest.mark.parametrize(
    ("language", "script"), [(Language.zh_hans, True), (Language.zh_hant, False), (Language.en, True)]
)
async def test_amounts_show_their_examples_only_where_configured(
    open_page: OpenPage, kiosk_url: str, kiosk: FakeKiosk, language: Language, script: bool
) -> None:
    page = await open_page(1280, 800, java_script_enabled=script)
    await page.goto(f"{kiosk_url}/project/{LUNCH.id}/amount")
    if language is not Language.zh_hans:
        await page.click(f".languages button[value='{language}']")
        await page.wait_for_selector(f"html[lang='{language}']")
    examples: tuple[Example, ...] = LUNCH.pays_for
    assert await captions(page) == {str(each.fen): each.text[language] for each in examples}
    await page.click(f".pick[value='{examples[0].fen}'] span")
    await page.wait_for_url("**/handoff")
    assert kiosk.giving.recorded[0].gift.amount.minor == examples[0].fen
    await page.goto(f"{kiosk_url}/project/{READING.id}/amount")
    await expect(page.locator(".pick").first).to_be_visible()
    assert await captions(page) == {}


@pytest.mark.parametrize(("size", "language"), list(zip(SIZES, [*Language, Language.en], strict=True)))
async def test_the_longest_examples_push_neither_amount_nor_button_out_of_reach(
    open_page: OpenPage, kiosk_url: str, kiosk: FakeKiosk, size: str, language: Language
) -> None:
    kiosk.projects.offered[LUNCH.id] = LONGEST
    width, height = SIZES[size]
    page = await open_page(width, height)
    await page.goto(f"{kiosk_url}/project/{LUNCH.id}/amount")
    if language is not Language.zh_hans:
        await page.click(f".languages button[value='{language}']")
        await page.wait_for_selector(f"html[lang='{language}']")
    if size != "phone":  # a kiosk never has to be scrolled; a phone is
        assert await page.evaluate("document.scrollingElement.scrollHeight") <= height
    assert await faults(page) == []
