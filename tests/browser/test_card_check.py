"""A volunteer card on a phone, read by another phone's camera, and checked without a network.

The network is off for real: the server has ended. Time passes by the clock of the checking phone's page.
"""

import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from PIL import Image
from playwright.async_api import Page, expect
from yarl import URL

from central_server.receipts.sealed_data import open_seal
from central_server.store.places.places import plant_community
from sync_contract.card_code import CardCode, encode, parse, read_public
from sync_contract.strict_model import Environment
from tests.browser.conftest import SPENT, OpenPage
from tests.fakes.central_process import running_bank, running_central
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS
from tests.unit.volunteering.member_phone import Phone, code_on, press
from volunteering.cards.card_keys import ensure_key, open_key
from volunteering.part import PART
from volunteering.store import cards

pytestmark = pytest.mark.asyncio(loop_scope="session")
PHONE = (360, 740)
VISIBLE = "#card-check [data-verdict]:not([hidden])"


@dataclass
class Prepared:
    """A phone that opened the check page once, and what other phones show. The server has ended."""

    page: Page
    url: str
    scanned: str
    codes: dict[str, str]
    made_at: datetime


async def card_of(url: str, number: str, community: str = COMMUNITY) -> Phone:
    """Join, and take a card."""
    phone = Phone.new(url)
    page = await phone.donor.press(await phone.open(f"/community/{community}/join"), number=number)
    await phone.donor.press(page, code=code_on(page), name="陈阿姨", consent="yes")
    await press(phone.donor, await phone.open(f"/community/{community}/card"), "issue")
    return phone


async def read_code(open_page: OpenPage, phone: Phone, community: str = COMMUNITY) -> str:
    """Return what another phone's camera reads on the card, which shows without JavaScript."""
    page = await open_page(*PHONE, java_script_enabled=False)
    cookies = phone.session.cookie_jar.filter_cookies(URL(phone.url))
    await page.context.add_cookies(
        [{"name": each.key, "value": each.value, "url": phone.url} for each in cookies.values()]
    )
    await page.goto(f"{phone.url}/community/{community}/card")
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(await page.locator("div.code").screenshot())))
    return str(found.text)


@pytest_asyncio.fixture(loop_scope="session")
async def prepared(open_page: OpenPage, tmp_path: Path) -> AsyncIterator[Prepared]:
    async with AsyncExitStack() as edges:
        bank = await edges.enter_async_context(running_bank(tmp_path / "bank"))
        central = await edges.enter_async_context(running_central(tmp_path / "central", bank, parts=(PART,)))
        now = datetime.now(UTC).replace(microsecond=0)
        async with central.database() as database:
            seal = await open_seal(database, central.state, None)
            async with database.write() as connection:
                for place in (COMMUNITY, NEIGHBOURS):
                    await plant_community(connection, place, now)
                key = await ensure_key(connection, seal, COMMUNITY, "drill", now)
            phones = [await card_of(central.url, number) for number in ("13805951234", "13805951235")]
            suspended = phones[1]
            late = await read_code(open_page, suspended)
            await press(suspended.donor, await suspended.open(f"/community/{COMMUNITY}/card"), "lost")
            scanned = await read_code(open_page, phones[0])
            code = parse(scanned.rpartition("/")[2]).verify(read_public(key.public))
            async with database.read() as connection:
                assert await cards.of_number(connection, "drill", code.number) is not None
            text = scanned.rpartition("/")[2]
            phones.append(await card_of(central.url, "13805951236", NEIGHBOURS))
            neighbours = (await read_code(open_page, phones[2], NEIGHBOURS)).rpartition("/")[2]
            for phone in phones:
                await phone.session.close()
        stranger = encode(code, generate_private_key(SECP256R1()))
        ahead = CardCode(Environment.drill, code.number, 0, now + timedelta(hours=1))
        codes = {
            "valid": text,
            "ended": late.rpartition("/")[2],
            "foreign": neighbours,
            "unknown": stranger,
            "forged": text[:22] + ("A" if text[22] != "A" else "B") + text[23:],
            "clock": encode(ahead, open_key(seal, key)),
        }
        page = await open_page(*PHONE)
        SPENT.add(page.context)
        for verdict, each in codes.items():
            online = "valid" if verdict == "foreign" else verdict
            await page.goto(f"{central.url}/k/{each}")
            await expect(page.locator(VISIBLE)).to_have_attribute("data-verdict", online)
        await page.goto(f"{central.url}/k/at/{COMMUNITY}")
        await expect(page.locator(VISIBLE)).to_have_attribute("data-verdict", "ready")
        await page.goto(f"{central.url}/K/{neighbours}")
        await expect(page.locator(VISIBLE)).to_have_attribute("data-verdict", "foreign")
        url = central.url
    yield Prepared(page, url, scanned, codes, code.issued_at)


async def test_a_phone_checks_cards_without_a_network(prepared: Prepared) -> None:
    page = prepared.page
    for verdict, code in prepared.codes.items():
        await page.goto(f"{prepared.url}/K/{code}")
        await expect(page.locator(VISIBLE)).to_have_attribute("data-verdict", verdict)
    shown = prepared.scanned.replace("HTTP://", "http://")
    assert shown.startswith(prepared.url.upper().replace("HTTP://", "http://"))
    await page.goto(f"{prepared.url}/k/at/{COMMUNITY}")
    await expect(page.locator(VISIBLE)).to_have_attribute("data-verdict", "ready")
    for after, verdict in (
        (timedelta(minutes=4), "valid"),
        (timedelta(minutes=5, seconds=1), "expired"),
        (-timedelta(hours=2), "clock"),
    ):
        await page.clock.set_fixed_time(prepared.made_at + after)
        await page.goto(f"{prepared.url}/K/{prepared.codes['valid']}")
        await expect(page.locator(VISIBLE)).to_have_attribute("data-verdict", verdict)
    await page.clock.set_fixed_time(prepared.made_at + timedelta(days=8))
    await page.goto(f"{prepared.url}/k/{prepared.codes['valid']}")
    await expect(page.locator("#old-list")).to_be_visible()
