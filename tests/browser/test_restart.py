"""Test that a restart of the gateway in the middle of a step neither loses nor repeats it."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from sync_contract.records import IntentState
from tests.browser.conftest import OpenPage
from tests.browser.fake_giving import FakeGiving, FakeKiosk
from tests.browser.journey import choose_amount, touch
from tests.ports import own_port

pytestmark = pytest.mark.asyncio(loop_scope="session")
STEPS = {
    "hall": "/",
    "project": "/project/elder-lunch",
    "amount": "/project/elder-lunch/amount",
    "keypad": "/project/elder-lunch/amount?digits=4",
    "code": "/project/elder-lunch/amount",
    "waiting": "/project/elder-lunch/amount",
    "thanks": "/project/elder-lunch/amount",
}
"""By step where its visitor begins; each has a screen, and a session, of their own."""
GIVEN = {"code": 1000, "waiting": 3000, "thanks": 5000}


def intent_of(giving: FakeGiving, step: str) -> str:
    return next(each.gift.intent for each in giving.recorded if each.gift.amount.minor == GIVEN[step])


async def take_step(page: Page, url: str, step: str, giving: FakeGiving) -> None:
    await page.goto(url + STEPS[step])
    if step == "keypad":
        await page.click(".key[data-key='2']")
    if step in GIVEN:
        await choose_amount(page, GIVEN[step])
        await page.wait_for_url("**/handoff")
    if step == "waiting":
        giving.becomes(intent_of(giving, step), IntentState.handed_off)
        await expect(page.locator(".state.on")).to_be_visible()
    if step == "thanks":
        giving.becomes(intent_of(giving, step), IntentState.paid, "7F3A-K8QZ")
        await page.wait_for_url("**/thanks")


async def continue_step(page: Page, step: str, giving: FakeGiving) -> None:
    if step == "hall":
        await touch(page, ".projects a", "body.page-project")
    elif step == "project":
        await touch(page, "main .button.main", ".pick")
    elif step == "amount":
        await touch(page, ".pick[value='10000']", ".code svg")
    elif step == "keypad":
        await touch(page, "main button.main", ".code svg")
    elif step == "thanks":
        await touch(page, "main form[action='/next'] button", "body.page-attract")
    else:
        assert await page.get_attribute("#open", "href") == next(
            each.gift.url for each in giving.recorded if each.gift.amount.minor == GIVEN[step]
        )
        await expect(page.locator("#away")).to_be_hidden()
        giving.becomes(intent_of(giving, step), IntentState.paid, "7F3A-K8QZ")
        await page.wait_for_url("**/thanks")


async def test_a_restart_in_the_middle_of_each_step_loses_and_repeats_nothing(open_page: OpenPage) -> None:
    port, before = own_port(), FakeKiosk()
    pages = {step: await open_page(1280, 800) for step in STEPS}
    async with before.serve(port) as url:
        await asyncio.gather(*(take_step(page, url, step, before.giving) for step, page in pages.items()))
    async with FakeKiosk(giving=before.giving).serve(port):
        for page in pages.values():
            await expect(page.locator("#away")).to_be_hidden()
        await asyncio.gather(*(continue_step(page, step, before.giving) for step, page in pages.items()))
        for page in pages.values():
            await page.goto("about:blank")
    amounts = sorted(each.gift.amount.minor for each in before.giving.recorded)
    assert amounts == [1000, 3000, 4200, 5000, 10000]
