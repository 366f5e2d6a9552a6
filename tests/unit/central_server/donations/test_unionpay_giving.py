"""The whole server with the emulated UnionPay: handover by a form, payment by notification, and no stored card data."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from central_server.store.donations import attempts
from central_server.store.donations.attempts import Attempt
from central_server.store.ledger import ledger_lines
from central_server.store.ledger.ledger_lines import LedgerLine
from tests.fakes.central_process import CONFIG, RunningBank, RunningCentral, running_bank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor, Page
from tests.fakes.unionpay import FORM, authority_in, notification_fields
from tests.fakes.unionpay_forging import forge_body
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.donations.test_giving import everything, until_paid

UNIONPAY = CONFIG.replace('kind = "sandbox"', 'kind = "unionpay"\nmerchant = "777290058110048"\nown_site = true')
PHONE = "Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36"


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[RunningBank]:
    authority_in(tmp_path / "bank")
    async with running_bank(tmp_path / "bank", kind="unionpay", gaps_min=()) as bank:
        yield bank


@pytest.fixture
async def central(tmp_path: Path, bank: RunningBank, store_url: str) -> AsyncIterator[RunningCentral]:
    async with running_central(tmp_path / "central", bank, config=UNIONPAY, store=store_url) as central:
        yield central


async def handed_over(central: RunningCentral, gateway: DeliveringGateway, donor: Donor) -> tuple[Page, Attempt]:
    """Return the page that leads a donor to the bank, and its attempt."""
    parcel = gateway.intent()
    await gateway.deliver([parcel])
    page = await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}"))
    async with central.database() as database, database.read() as connection:
        return page, (await attempts.of_intent(connection, gateway.id, parcel.id))[-1]


async def test_a_gift_is_paid_and_no_card_is_stored_or_logged(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, capsys: pytest.CaptureFixture[str]
) -> None:
    page, attempt = await handed_over(central, gateway, donor)
    at_bank = await donor.press(page)
    assert "/gateway/pay/" in at_bank.url
    assert "¥50" in at_bank.text()
    back = await donor.press(await donor.press(at_bank, decision="confirm"))  # 成功, then 返回商户
    assert back.url == f"{central.url}/g/{attempt.return_nonce}"
    assert "¥50" in (await until_paid(donor, back)).text()
    rows = await everything(central)
    assert len(rows["notifications"]) == len(rows["ledger_lines"]) == 1
    logged = capsys.readouterr()
    for text in (str(rows), logged.out, logged.err):
        assert "621626" not in text
        assert "accNo" not in text
    assert "queryId=" in str(rows["notifications"])


async def test_the_handover_is_a_form_that_works_without_script(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession, bank: RunningBank
) -> None:
    parcel = gateway.intent()
    await gateway.deliver([parcel])
    url = f"{central.url}/t/{gateway.ticket(parcel)}"
    donor = Donor(session)
    form = re.search(r'name="csrf" value="([^"]+)"', (await donor.open(url)).html)
    assert form is not None
    async with session.post(url, data={"csrf": form[1]}, headers={"User-Agent": PHONE}) as answer:
        html, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert answer.status == 200
    assert f"form-action 'self' {bank.url};" in policy
    assert "script-src 'self';" in policy
    assert f'method="post" action="{bank.url}/gateway/api/frontTransReq.do"' in html
    assert re.search(r'<button class="button main">(?:(?!<form).)+</form>', html, re.DOTALL)
    assert re.search(r'<script src="/static/handover\.js\?v=\w+" defer></script>', html)
    assert 'name="channelType" value="08"' in html


async def test_a_donor_who_returns_unpaid_gets_a_new_order(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    page, first = await handed_over(central, gateway, donor)
    await donor.press(await donor.press(page), decision="close")
    refused = await donor.press(page)  # the same form again: UnionPay takes an order number once
    assert refused.status == 400
    again = re.search(r'href="(/t/[^"?]+)">', page.html)
    assert again is not None
    second = await donor.press(await donor.open(f"{central.url}{again[1]}"))
    at_bank = await donor.press(second)
    assert at_bank.status == 200
    await donor.press(at_bank, decision="confirm")
    async with central.database() as database, database.read() as connection:
        tried = await attempts.of_intent(connection, first.gateway, first.intent)
    assert len(tried) == 2


async def test_a_returning_form_proves_and_changes_nothing(
    central: RunningCentral,
    gateway: DeliveringGateway,
    donor: Donor,
    session: aiohttp.ClientSession,
) -> None:
    _, attempt = await handed_over(central, gateway, donor)
    url = f"{central.url}/g/{attempt.return_nonce}"
    before = await everything(central)
    lie = {"orderId": attempt.id, "respCode": "00", "txnAmt": "5000", "signature": "AAAA"}
    headers = {"Origin": "https://gateway.95516.com", "Accept-Language": "en"}
    for site in ("cross-site", "same-site", "same-origin"):
        headers["Sec-Fetch-Site"] = site
        async with session.post(url, data=lie, headers=headers, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, f"/g/{attempt.return_nonce}")
    assert await everything(central) == before
    async with session.post(url, data=lie, headers=headers) as answer:
        assert (answer.status, str(answer.url)) == (200, url)
        assert "Waiting for the bank" in await answer.text()
    rows = await everything(central)
    assert rows["ledger_lines"] == rows["notifications"] == []


async def test_a_signed_notification_that_differs_from_the_order_changes_nothing(
    central: RunningCentral,
    gateway: DeliveringGateway,
    donor: Donor,
    session: aiohttp.ClientSession,
    bank: RunningBank,
    tmp_path: Path,
) -> None:
    authority = authority_in(tmp_path / "forger")
    page, attempt = await handed_over(central, gateway, donor)
    await donor.press(page)
    true = notification_fields(bank.state, attempt.id) | {"respCode": "00", "respMsg": "成功[0000000]"}
    true.pop("accNo", None)
    second = f"{int(true['txnTime'][-2:] == '00'):02d}"
    wrong = {
        "one fen more": {"txnAmt": "5001"},
        "one fen less": {"txnAmt": "4999"},
        "the amount in yuan": {"txnAmt": "50"},
        "an order that is not ours": {"orderId": "0" * 32},
        "the intent instead of the order": {"orderId": attempt.intent},
        "an order of another second": {"txnTime": true["txnTime"][:-2] + second},
        "a refund that nobody asked for": {"txnType": "04", "txnSubType": "00"},
        "a cancel of the order itself": {"txnType": "31", "txnSubType": "00"},
    }
    before = await everything(central)
    url = f"{central.url}/bank/unionpay/notify"
    for sentence, change in wrong.items():
        async with session.post(url, data=forge_body(true | change, authority), headers=FORM) as answer:
            assert answer.status == 400, sentence
    assert await everything(central) == before
    for _ in range(3):
        async with session.post(url, data=forge_body(true, authority), headers=FORM) as answer:
            assert answer.status == 200
    after = await everything(central)
    assert len(after["ledger_lines"]) == len(after["notifications"]) == 1


async def test_a_lost_notification_loses_no_gift(
    tmp_path: Path, session: aiohttp.ClientSession, donor: Donor, store_url: str
) -> None:
    authority_in(tmp_path / "mute")
    async with (
        running_bank(tmp_path / "mute", kind="unionpay", faults=("notify-lost",)) as bank,
        running_central(tmp_path / "central", bank, config=UNIONPAY, store=store_url) as central,
    ):
        gateway = await enrolled(central, DeliveringGateway(session, central.url))
        page, _ = await handed_over(central, gateway, donor)
        back = await donor.press(await donor.press(await donor.press(page), decision="confirm"))
        await until_paid(donor, back)


@pytest.fixture
async def faulty(
    request: pytest.FixtureRequest, tmp_path: Path, session: aiohttp.ClientSession
) -> AsyncIterator[tuple[RunningCentral, DeliveringGateway]]:
    """A server whose emulated bank has one of its faults."""
    authority_in(tmp_path / "faulty")
    async with (
        running_bank(tmp_path / "faulty", kind="unionpay", faults=(request.param,)) as bank,
        running_central(tmp_path / "server", bank, config=UNIONPAY) as central,
    ):
        yield central, await enrolled(central, DeliveringGateway(session, central.url))


Faulty = tuple[RunningCentral, DeliveringGateway]


@pytest.mark.parametrize(
    "faulty", ["duplicate-notify", "wrong-amount", "foreign-certificate", "query-03-04-00", "a6"], indirect=True
)
async def test_despite_a_fault_the_gift_is_paid_once_and_in_full(
    faulty: Faulty, donor: Donor, request: pytest.FixtureRequest
) -> None:
    central, gateway = faulty
    page, attempt = await handed_over(central, gateway, donor)
    back = await donor.press(await donor.press(await donor.press(page), decision="confirm"))
    await until_paid(donor, back)
    flawed = "[a6]" in request.node.name
    assert [(line.kind, line.amount_minor, line.flawed) for line in await posted(central, attempt)] == [
        ("paid", 5000, flawed)
    ]


@pytest.mark.parametrize(
    ("faulty", "decision"),
    [("front-forged", "fail"), ("front-forged", "close"), ("ebank-late", "confirm")],
    indirect=["faulty"],
)
async def test_a_success_reported_only_by_the_browser_is_ignored(faulty: Faulty, donor: Donor, decision: str) -> None:
    central, gateway = faulty
    page, attempt = await handed_over(central, gateway, donor)
    back = await donor.press(await donor.press(await donor.press(page), decision=decision))
    assert back.url == f"{central.url}/g/{attempt.return_nonce}"
    assert "Thank you" not in back.text()
    assert await posted(central, attempt) == ()


async def posted(central: RunningCentral, attempt: Attempt) -> tuple[LedgerLine, ...]:
    async with central.database() as database, database.read() as connection:
        return tuple(await ledger_lines.of_intent(connection, attempt.gateway, attempt.intent))
