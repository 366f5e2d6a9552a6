"""The whole way in Chromium with the real programs: from a gift to a lunch that five households confirm."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import FilePayload, Page, expect

from beacon_gateway.commands.demo import Demo
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage
from tests.browser.journey import next_person, walk_the_journey
from tests.browser.layout import SIZES, faults
from tests.flow.conftest import furnished_house
from tests.flow.journey import pay, register
from tests.flow.programs import DEMO, SIMULATED, gateway_program, rows, run_well, wait_paid
from tests.flow.visitor import Visitor, visitor
from tests.unit.central_server.tenancy.person import FILE_NAME, HOUSEHOLD, PDF, PHOTOGRAPH, traces

pytestmark = pytest.mark.asyncio(loop_scope="session")
DRILL = {Language.zh_hans: "演练", Language.zh_hant: "演練", Language.en: "drill"}
PROJECT = "elder-lunch"
STAFF = {"fang": "family", "lin": "family", "cai": "finance"}
STATED = {
    "ages": "70",
    "hardship": "illness",
    "help": "meals",
    "grid": HOUSEHOLD.grid,
    "goods": HOUSEHOLD.goods,
    "consent": HOUSEHOLD.consent,
}


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path) -> AsyncIterator[Demo]:
    async with furnished_house(tmp_path) as opened:
        place = ("--config", str(DEMO / "central.toml"), "--state-dir", str(tmp_path / "central"))
        words = ("--password-file", str(tmp_path / "password"), *place)
        await asyncio.gather(*(run_well("user", "add", name, "--role", role, *words) for name, role in STAFF.items()))
        yield opened


async def test_a_gift_becomes_lunch_that_five_households_confirm_and_no_page_names_a_person(
    open_page: OpenPage, house: Demo, tmp_path: Path
) -> None:
    phone = await open_page(*SIZES["phone"], locale="en-US")
    async with AsyncExitStack() as restarted:
        slip = await give_with_a_power_cut(await open_page(*SIZES["small"]), phone, house, tmp_path, restarted)
        await give_without_javascript(open_page, house)
        for _ in range(3):
            async with visitor(house.gateway.url) as neighbour:
                await pay(await register(neighbour, PROJECT))
        await wait_paid(tmp_path, 5)
        await published(tmp_path, 1)
        await follow_the_money(open_page, phone, house, tmp_path, slip)


async def follow_the_money(open_page: OpenPage, phone: Page, house: Demo, tmp_path: Path, slip: str) -> None:
    """Spend the gifts on a lunch that five households confirm; look at every page and file afterwards."""
    desk, money = [await open_page(1280, 800, locale="en-US") for _ in range(2)]
    await log_in(desk, house, "fang")
    cases = await assess_five_households(desk, house)
    await log_in(money, house, "staff")
    path = await pay_for_lunch(money, house, cases, tmp_path)
    await confirm_lunch(desk, house.central.url + path.replace("disbursements", "help"))
    let_a_month_pass(tmp_path)
    ((secret,),) = rows(tmp_path, f"SELECT secret FROM ledger_lines WHERE slip = '{slip}'")
    shown = []
    for page, address, words in (
        (phone, f"/v/{secret}", ("You registered it", "It is spent", "It reached households", "Hot meals · 5 times")),
        (phone, "/board/huada", ("Hot meals for households: 5 times",)),
        (money, path, ("confirmed by 5 of 5 households",)),
        (money, "/staff/ledger", ("Lunch",)),
        (desk, "/staff/families", ()),
    ):
        await page.goto(house.central.url + address)
        for each in words:
            await expect(page.locator("body")).to_contain_text(each)
        if page is phone:
            assert await faults(page) == []
        shown.append(await page.content())
    assert not traces("".join(shown).encode())
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or not traces(file.read_bytes()), file


async def give_with_a_power_cut(screen: Page, phone: Page, house: Demo, folder: Path, restarted: AsyncExitStack) -> str:
    """Give at the screen, whose gateway loses its power while the code is shown; return the slip's number."""

    async def on_the_phone(address: str) -> None:
        house.gateway.kill()
        await house.gateway.exited()
        await restarted.enter_async_context(gateway_program(folder, DEMO, house.plan, radio=SIMULATED))
        assert urlsplit(address).netloc.lower() == urlsplit(house.central.url).netloc
        await pay_on_the_phone(phone, address, Language.en)

    slip = await walk_the_journey(
        screen, house.gateway.url, language=Language.zh_hant, project=PROJECT, amount_fen=3000, pay=on_the_phone
    )
    await expect(phone.locator("body")).to_contain_text(slip)
    await next_person(screen)
    return slip.strip()


async def give_without_javascript(open_page: OpenPage, house: Demo) -> None:
    screen = await open_page(*SIZES["kiosk"], java_script_enabled=False)
    phone = await open_page(*SIZES["phone"], java_script_enabled=False)

    async def on_the_phone(address: str) -> None:
        await pay_on_the_phone(phone, address, Language.zh_hans)

    await walk_the_journey(
        screen, house.gateway.url, language=Language.zh_hans, project=PROJECT, amount_fen=3000, pay=on_the_phone
    )


async def pay_on_the_phone(phone: Page, address: str, language: Language) -> None:
    """The page behind the code, the sandbox bank, and back; each is looked at."""
    await phone.goto(address)
    await phone.goto(f"{address}?lang={language}")
    assert await phone.get_attribute("html", "lang") == language
    assert await faults(phone) == []
    await phone.click("main form button.main, main form button")
    await phone.wait_for_url("**/pay/*")
    await expect(phone.locator("body")).to_contain_text(DRILL[language])
    await phone.locator("form button").first.click()
    await phone.wait_for_url("**/g/*")
    assert await faults(phone) == []


async def published(folder: Path, heads: int) -> None:
    async with asyncio.timeout(120):
        while rows(folder, "SELECT count(*) FROM heads") < [(heads,)]:
            await asyncio.sleep(0.02)


async def log_in(page: Page, house: Demo, name: str) -> None:
    await page.goto(f"{house.central.url}/staff/login")
    await page.fill("[name=name]", name)
    await page.fill("[name=password]", house.plan.password)
    await page.click("main button")
    await page.wait_for_url("**/staff/")


async def assess_five_households(desk: Page, house: Demo) -> list[str]:
    """Register and assess one at the desk, and four more by the same forms; a second person assesses all."""
    await desk.goto(f"{house.central.url}/staff/families/new")
    for name, value in STATED.items():
        field = desk.locator(f"[name={name}]")
        await (field.select_option(value) if name in ("hardship", "help") else field.fill(value))
    await desk.click("form.record button")
    await desk.wait_for_url(re.compile(r"/staff/families/\d{6}$"))
    cases = [desk.url[-6:]]
    await desk.check("[name=seen]")
    await desk.click("button[value=support]")
    await expect(desk.locator(".standing")).to_contain_text("second")
    async with visitor(house.central.url) as fang, visitor(house.central.url) as lin:
        await enter(fang, house, "fang")
        for _ in range(4):
            page = await fang.open("/staff/families/new")
            page = await fang.submit(page, page.form("/staff/families/new"), None, place="huada", **STATED)
            cases.append(page.url[-6:])
            await fang.submit(page, page.form(f"/staff/families/{cases[-1]}/step"), seen="yes")
        await enter(lin, house, "lin")
        for case in cases:
            page = await lin.open(f"/staff/families/{case}")
            page = await lin.submit(page, page.form(f"/staff/families/{case}/step"))
            assert page.status == 200, page.text
    return cases


async def enter(person: Visitor, house: Demo, name: str) -> None:
    page = await person.open("/staff/login")
    page = await person.submit(page, page.form("/staff/login"), name=name, password=house.plan.password)
    assert page.status == 200, page.text


async def pay_for_lunch(money: Page, house: Demo, cases: list[str], folder: Path) -> str:
    """Request it at the desk for nearly all that was given; a second person approves it a day later."""
    await money.goto(f"{house.central.url}/staff/disbursements/new")
    await money.select_option("form.record [name=purse] >> nth=0", f"huada/{PROJECT}")
    today = f"{datetime.now(OFFICIAL_TIME):%Y-%m-%d}"
    lunch = {"amount_yuan": "145", "spent_on": today, "purpose": "Lunch", "payee": "Kitchen", "cases": " ".join(cases)}
    for name, value in lunch.items():
        await money.locator(f"[name={name}]").first.fill(value)
    voucher = FilePayload(name=f"{FILE_NAME}.pdf", mimeType="application/pdf", buffer=PDF)
    await money.locator("[name=voucher]").first.set_input_files(voucher)
    await money.locator("form.record button").first.click()
    await money.wait_for_url(re.compile(r"/staff/disbursements/[0-9a-f]{32}$"))
    path = money.url.removeprefix(house.central.url)
    move_back(folder, timedelta(days=1), "disbursements.requested_at")
    async with visitor(house.central.url) as cai:
        await enter(cai, house, "cai")
        page = await cai.open(path)
        page = await cai.submit(page, page.form(f"{path}/approve"))
        assert page.status == 200, page.text
    await published(folder, 2)
    return path


async def confirm_lunch(desk: Page, address: str) -> None:
    """One household reads out its code, four sign the sheet."""
    await desk.goto(address)
    await desk.get_by_role("button", name="New code").first.click()
    code = await desk.locator(".remark .code").inner_text()
    await desk.fill("[name=code]", code)
    await desk.locator("form[action$='/confirm'] button").click()
    await expect(desk.locator(".mark.good")).to_have_count(1)
    for box in await desk.locator("[type=checkbox][name^=case-]").all():
        await box.check()
    photo = FilePayload(name=f"{FILE_NAME}.png", mimeType="image/png", buffer=PHOTOGRAPH)
    await desk.set_input_files("[name=photo]", photo)
    await desk.locator("form[action$='/sheet'] button").click()
    await expect(desk.locator(".mark.good")).to_have_count(5)


def let_a_month_pass(folder: Path) -> None:
    """Move what happened back: the current month is never shown."""
    columns = ("case_helps.confirmed_at", "disbursements.decided_at", "heads.published_at")
    move_back(folder, timedelta(days=35), *columns)


def move_back(folder: Path, by: timedelta, *columns: str) -> None:
    with closing(sqlite3.connect(folder / "central" / "central.db", timeout=60, isolation_level=None)) as store:
        store.execute("BEGIN IMMEDIATE")
        for column in columns:
            table, name = column.split(".")
            fixed = store.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
            ).fetchall()
            for trigger, _ in fixed:  # it refuses any change
                store.execute(f"DROP TRIGGER {trigger}")
            store.execute(f"UPDATE {table} SET {name} = {name} - ?", (by // timedelta(microseconds=1),))
            for _, definition in fixed:
                store.execute(definition)
        store.execute("COMMIT")
