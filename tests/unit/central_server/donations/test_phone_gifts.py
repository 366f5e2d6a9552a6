"""Gifts that begin on the phone (poster, tag, shake), and typed codes."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import pytest
from sqlalchemy import select

from central_server.donations.amount_validation import AmountProblem, read_fen, read_yuan
from central_server.donations.typed_codes import draw_unused_codes, read_code
from central_server.store.api import listings
from central_server.store.donations import intents
from central_server.store.engine.database import Database
from central_server.store.engine.tables import intents as intents_table
from central_server.store.enrolment import gateways
from central_server.store.places.places import TOP
from sync_contract.money import Money
from sync_contract.records import HandoffKind
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import CONFIG, RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor, Page
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.donations.test_giving import everything, until_paid

UUID = "fda50693-a4e2-4fb1-afcf-c6eb07647825"
POSTER = f"/h/{UUID}/10/1"
BOUND = f"""
[[bindings]]
uuid = "{UUID}"
major = 10
minor = 1
project = "lunch"

[[bindings]]
uuid = "{UUID}"
major = 10
minor = 2
project = "ended"
"""


@pytest.fixture
async def central(tmp_path: Path, bank: RunningBank, store_url: str) -> AsyncIterator[RunningCentral]:
    async with running_central(tmp_path / "central", bank, config=CONFIG + BOUND, store=store_url) as central:
        yield central


class Resident:
    """Opens the page of a poster and submits one of its forms."""

    def __init__(self, session: aiohttp.ClientSession, central: RunningCentral, language: str = "en") -> None:
        self.donor = Donor(session, language=language)
        self.session = session
        self.central = central
        self.headers = {"Accept-Language": language, "User-Agent": "Phone Mobile"}

    async def open(self, path: str = POSTER) -> Page:
        return await self.donor.open(self.central.url + path)

    async def press(self, page: Page, **fields: str) -> Page:
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
        action = re.search(r'<form method="post" action="([^"]+)"', page.html)
        assert csrf is not None
        assert action is not None
        url = urljoin(self.central.url, unescape(action[1]))
        async with self.session.post(url, data={"csrf": csrf[1]} | fields, headers=self.headers) as answer:
            return Page(answer.status, str(answer.url), await answer.text())


@pytest.fixture
def resident(session: aiohttp.ClientSession, central: RunningCentral) -> Resident:
    return Resident(session, central)


async def test_a_poster_leads_to_the_bank_and_to_a_paid_gift(
    central: RunningCentral, gateway: DeliveringGateway, resident: Resident
) -> None:
    for path, door in ((POSTER, "qr"), (POSTER + "?nfc", "nfc")):
        page = await resident.open(path)
        assert "I want to give" in page.text()
        at_bank = await resident.press(page, amount_fen="5000")
        assert "/pay/" in at_bank.url
        assert "¥50" in at_bank.text()
        await until_paid(resident.donor, await resident.donor.press(at_bank, decision="confirm"))
        rows = await everything(central)
        (row,) = [row for row in rows["intents"] if door in row]
        assert "page" in row
        assert f"{UUID}/10/1" in row
    async with central.database() as database, database.read() as connection:
        ours = await gateways.every(connection, [TOP])
        listed = await listings.gateways_after(connection, [TOP], None, 10)
        hidden = await gateways.get(connection, str(rows["intents"][0][0]))
    assert [each.id for each in ours] == [each.id for each in listed] == [gateway.id]
    assert hidden is not None
    assert (hidden.kind, hidden.community) == ("server", "huada")
    assert len(rows["gateways"]) == 2


async def test_opening_a_poster_registers_nothing(central: RunningCentral, resident: Resident) -> None:
    before = await everything(central)
    for path in (POSTER, POSTER.upper().replace("/H/", "/H/"), POSTER + "?nfc", "/t", "/T", "/t?code=0000-0000"):
        await resident.open(path)
    after = await everything(central)
    assert {name for name in before if before[name] != after[name]} <= {"shake_counts"}


async def test_a_repeated_form_is_one_gift_and_another_amount_is_another(
    central: RunningCentral, gateway: DeliveringGateway, resident: Resident
) -> None:
    page = await resident.open()
    urls = {each.url for each in await asyncio.gather(*(resident.press(page, amount_fen="1000") for _ in range(6)))}
    assert len(urls) == 1
    other = await resident.press(page, yuan="20")
    assert "¥20" in other.text()
    rows = await everything(central)
    assert (len(rows["intents"]), len(rows["attempts"]), len(rows["gateways"])) == (2, 2, 2)


INVALID_AMOUNTS = [
    ("en", "", "Please choose an amount, or write one."),
    ("en", "-5", "more than ¥0"),
    ("zh-Hans", "0", "金额必须大于零"),
    ("en", "12.50", "Whole yuan only"),
    ("zh-Hant", "$20", "這裡只收人民幣"),
    ("en", "999999999999999999", "Gifts to this project can be from ¥1 to ¥1,000."),
    ("en", "1001", "Gifts to this project can be from"),
    ("zh-Hans", "很多", "请用数字填写金额"),
    ("en", "1e3", "Please write the amount in figures"),
]


async def test_an_invalid_amount_is_explained_and_registers_nothing(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    for language, typed, words in INVALID_AMOUNTS:
        resident = Resident(session, central, language)
        again = await resident.press(await resident.open(), yuan=typed)
        assert again.status == 400, typed
        assert words in again.text()
    assert (await everything(central))["intents"] == []
    assert "/pay/" in (await resident.press(again, yuan="５０元")).url


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("50", Money(5000)),
        ("", AmountProblem.nothing),
        ("0", AmountProblem.too_little),
        ("－5", AmountProblem.too_little),
        ("0.5", AmountProblem.fractional),
        ("1.005", AmountProblem.fractional),
        ("20 USD", AmountProblem.currency),
        ("1e3", AmountProblem.unread),
        ("9" * 30, AmountProblem.outside),
    ],
)
def test_amounts_are_read_in_every_usual_form(text: str, read: Money | AmountProblem) -> None:
    assert read_yuan(text) == read


def test_a_posted_amount_must_be_one_of_a_button() -> None:
    assert read_fen("5000") == Money(5000)
    for odd in ("", "-5000", "0", "05000", "5e3", "５０００", "9" * 13):
        assert read_fen(odd) is AmountProblem.unread


async def test_a_closed_project_has_no_form_and_refuses_a_forged_one(
    central: RunningCentral, gateway: DeliveringGateway, resident: Resident
) -> None:
    closed = await resident.open(f"/h/{UUID}/10/2")
    assert "I want to give" not in closed.text()
    page = await resident.open()
    page.html = page.html.replace("/10/1", "/10/2")
    refused = await resident.press(page, amount_fen="1000")
    assert refused.status == 403
    assert "This project takes no gifts" in refused.text()
    page = await resident.open()
    page.html = re.sub(r"gift=[0-9a-f]{32}", "gift=" + "0" * 32, page.html)
    assert (await resident.press(page, amount_fen="1000")).status == 403
    page.html = page.html.replace("gift=", "other=")
    assert (await resident.press(page, amount_fen="1000")).status == 403
    assert (await everything(central))["intents"] == []


async def test_many_gifts_from_one_address_are_limited(
    central: RunningCentral, gateway: DeliveringGateway, resident: Resident
) -> None:
    page = await resident.open()
    statuses = [(await resident.press(page, yuan="x")).status for _ in range(60)]
    assert set(statuses) == {400, 429}
    assert statuses.index(429) >= 40


async def test_a_shake_opens_a_gift_by_the_phone_door(
    central: RunningCentral, gateway: DeliveringGateway, resident: Resident, session: aiohttp.ClientSession
) -> None:
    question = {"beacons": [{"uuid": UUID, "major": 10, "minor": 1, "rssi": -60}]}
    async with session.post(f"{central.url}/api/v1/shake", json=question) as answer:
        found = (await answer.json())["found"]
    page = await resident.open(f"/s/{found['presence_pass']}")
    assert "/pay/" in (await resident.press(page, yuan="10")).url
    (row,) = (await everything(central))["intents"]
    assert {"phone", "page", f"{UUID}/10/1"} <= set(row)


async def code_of(central: RunningCentral, gateway: DeliveringGateway, intent: str) -> str:
    async with central.database() as database, database.read() as connection:
        known = await intents.get(connection, gateway.id, intent)
    assert known is not None
    return known.code or ""


async def test_a_typed_code_leads_to_the_gift_in_every_notation(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    parcel = gateway.intent()
    await gateway.deliver([parcel])
    code = await code_of(central, gateway, parcel.id)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", code)
    assert "Type the code" in (await donor.open(f"{central.url}/T")).text()
    for typed in (code, code.lower().replace("-", ""), code.replace("0", "o").replace("1", "l"), f" {code} "):
        page = await donor.open(f"{central.url}/t?code={typed}")
        assert "¥50" in page.text(), typed
    await until_paid(donor, await donor.press(await donor.press(page), decision="confirm"))
    again = await donor.open(f"{central.url}/t?code={code}")
    assert "Thank you" in again.text()
    assert "Slip number" not in again.text(), "a guessed code reveals no slip number"
    assert len((await everything(central))["attempts"]) == 1


async def test_a_code_comes_with_the_parcel_and_a_duplicate_does_not_change_it(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    parcel, linked = gateway.intent(), gateway.intent(handoff=HandoffKind.link)
    await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}"))
    assert await code_of(central, gateway, parcel.id) == ""
    await gateway.deliver([parcel, linked])
    code = await code_of(central, gateway, parcel.id)
    assert code
    await gateway.deliver([parcel, linked])
    assert await code_of(central, gateway, parcel.id) == code
    assert await code_of(central, gateway, linked.id) == "", "a gift to a public page has no code"


async def test_unknown_expired_and_invalid_codes_get_the_same_page(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    parcel = gateway.intent()
    await gateway.deliver([parcel])
    async with central.database() as database, database.write() as connection:
        (row,) = await connection.execute(select(intents_table))
        expired = {
            "id": new_id(),
            "code": "0000-0001",
            "first_seen_at": row.first_seen_at - timedelta(days=1, minutes=1),
        }
        await connection.execute(intents_table.insert().values(dict(row._mapping) | expired))
    pages = set()
    for typed in ("0000-0001", "0000-0000", "nothing", "", "%00", "U" * 8, "9" * 2000):
        page = await donor.open(f"{central.url}/t?code={typed}")
        assert page.status == 404
        pages.add(re.sub(r'(value|href)="[^"]*"', "", page.html))  # the language links contain the typed text too
    assert len(pages) == 1


async def test_guessing_codes_is_limited(central: RunningCentral, donor: Donor) -> None:
    statuses = [(await donor.open(f"{central.url}/t?code=0000-{number:04d}")).status for number in range(40)]
    assert set(statuses) == {404, 429}
    assert statuses.index(429) >= 20


def test_codes_accept_similar_characters_and_nothing_else() -> None:
    assert read_code("oil0-1111") == "0110-1111"
    assert read_code("７ｆ３ａ－ｋ８ｙｚ") == "7F3A-K8YZ"
    for odd in ("", "7F3A-K8Y", "7F3A-K8YZZ", "7F3A-K8YU", "7F3A-K8Y!", "7f3a'k8yz"):
        assert read_code(odd) is None


async def test_drawn_codes_are_all_different(database: Database) -> None:
    async with database.write() as connection:
        codes = await draw_unused_codes(connection, 300)
    assert len(set(codes)) == 300
    assert all(read_code(code) == code for code in codes)


async def test_a_gateway_receives_the_codes_of_its_own_intents_only(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    parcel = gateway.intent()
    path = "/api/v1/outcomes"
    waiting = asyncio.create_task(gateway.get(path, f"known={parcel.id}:registered&uncoded={parcel.id}&wait=25"))
    await asyncio.sleep(0.1)
    await gateway.deliver([parcel])
    async with asyncio.timeout(20):
        status, answer = await waiting
    code = await code_of(central, gateway, parcel.id)
    assert (status, answer["outcomes"]) == (
        200,
        [{"intent": parcel.id, "state": "registered", "slip": "", "code": code, "ended": False}],
    )
    _, plain = await gateway.get(path, f"known={parcel.id}:handed_off&wait=0")
    assert plain["outcomes"] == [{"intent": parcel.id, "state": "registered", "slip": "", "code": "", "ended": False}]
    neighbour = await enrolled(central, DeliveringGateway(session, central.url))
    _, nothing = await neighbour.get(path, f"known={parcel.id}:registered&uncoded={parcel.id}&wait=0")
    assert nothing["outcomes"] == []
