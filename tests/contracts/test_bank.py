"""Every bank of BANKS, held to what it declares. A new bank needs an entry in RIGS: a way to play its other side."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from central_server.bank_emulator.keys import open_keys
from central_server.bank_emulator.notifying import notification
from central_server.bank_emulator.orders import OrderBook
from central_server.banks import BANKS
from central_server.banks.port import (
    Bank,
    BankRefused,
    BankUnavailable,
    CredentialsRefused,
    NotificationRefused,
    Order,
    OrderId,
    OrderState,
    Redirect,
)
from sync_contract.identity import new_id
from sync_contract.money import Money
from sync_contract.strict import Language
from tests.fakes.central_process import running_bank
from tests.fakes.donor import Donor


@dataclass
class Rig:
    """A bank together with its other side."""

    bank: Bank
    donor: Donor
    state: Path
    url: str

    async def decide(self, url: str, decision: str) -> None:
        await self.donor.press(await self.donor.open(url), decision=decision)

    def notification(self, order: str) -> tuple[dict[str, str], bytes]:
        """What the bank sends for a paid order."""
        held = OrderBook(self.state / "orders.jsonl").get(order)
        assert held is not None
        return notification(held, open_keys(self.state))


@asynccontextmanager
async def sandbox(folder: Path) -> AsyncIterator[Rig]:
    async with (
        running_bank(folder, minutes=()) as running,
        BANKS["sandbox"](running.url, folder) as bank,
        aiohttp.ClientSession() as session,
    ):
        yield Rig(bank, Donor(session), folder, running.url)


RIGS: dict[str, Callable[[Path], AbstractAsyncContextManager[Rig]]] = {"sandbox": sandbox}


def test_every_bank_stands_before_this_suite() -> None:
    assert RIGS.keys() == BANKS.keys()


@pytest.fixture(params=sorted(BANKS))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with RIGS[request.param](tmp_path / "bank") as rig:
        yield rig


def order(rig: Rig, minor: int = 5000) -> Order:
    """Its return leads to a page that is not there, its notifications nowhere."""
    return Order(
        new_id(),
        datetime.now(UTC),
        Money(minor),
        "午餐 / Lunch",
        Language.en,
        f"{rig.url}/g/x",
        f"{rig.url}/bank/x/notify",
    )


async def opened(rig: Rig, order: Order) -> str:
    """Where the browser of a donor ends who goes on with this order."""
    handover = await rig.bank.open(order)
    assert isinstance(handover, Redirect)
    return handover.url


def known(order: Order) -> OrderId:
    return OrderId(order.id, order.at)


async def test_an_order_leads_to_a_page_that_our_forms_may_lead_to(rig: Rig) -> None:
    url = await opened(rig, order(rig))
    assert url.startswith(rig.bank.form_targets)
    page = await rig.donor.open(url)
    assert page.status == 200
    assert "¥50" in page.text()


async def test_the_same_order_again_is_the_same_order(rig: Rig) -> None:
    wanted = order(rig)
    assert await rig.bank.open(wanted) == await rig.bank.open(wanted)


async def test_the_same_order_with_another_amount_is_refused(rig: Rig) -> None:
    wanted = order(rig)
    await rig.bank.open(wanted)
    with pytest.raises(BankRefused):
        await rig.bank.open(replace(wanted, amount=Money(5001)))


async def test_a_query_tells_how_an_order_stands(rig: Rig) -> None:
    if not rig.bank.capabilities.queries:
        pytest.fail("declare a bank without queries here once there is one")
    paid, cancelled, waiting = order(rig), order(rig, 700), order(rig)
    assert (await rig.bank.query(known(paid))).state is OrderState.unknown
    urls = [await opened(rig, wanted) for wanted in (paid, cancelled, waiting)]
    await rig.decide(urls[0], "confirm")
    await rig.decide(urls[1], "cancel")
    told = [await rig.bank.query(known(wanted)) for wanted in (paid, cancelled, waiting)]
    assert [report.state for report in told] == [OrderState.paid, OrderState.failed, OrderState.open]
    assert [report.amount for report in told] == [Money(5000), Money(700), Money(5000)]
    assert told[0].evidence


async def test_a_paid_order_cannot_be_cancelled(rig: Rig) -> None:
    wanted = order(rig)
    url = await opened(rig, wanted)
    page = await rig.donor.open(url)
    await rig.donor.press(page, decision="confirm")
    await rig.donor.press(page, decision="cancel")
    assert (await rig.bank.query(known(wanted))).state is OrderState.paid


async def test_a_notification_of_the_bank_is_believed(rig: Rig) -> None:
    wanted = order(rig)
    await rig.decide(await opened(rig, wanted), "confirm")
    headers, body = rig.notification(wanted.id)
    told = rig.bank.verify(headers, body)
    assert (told.order, told.amount) == (wanted.id, wanted.amount)
    assert told == rig.bank.verify(headers, body)


async def test_no_altered_notification_is_believed(rig: Rig) -> None:
    wanted = order(rig)
    await rig.decide(await opened(rig, wanted), "confirm")
    headers, body = rig.notification(wanted.id)
    for place in range(0, len(body), 3):
        with pytest.raises(NotificationRefused):
            rig.bank.verify(headers, body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
    for name in headers:
        with pytest.raises(NotificationRefused):
            rig.bank.verify({key: value for key, value in headers.items() if key != name}, body)


async def test_a_bank_that_is_away_is_unavailable(rig: Rig, tmp_path: Path) -> None:
    async with BANKS[rig.bank.name]("http://127.0.0.1:1", rig.state) as away:
        with pytest.raises(BankUnavailable):
            await away.open(order(rig))
        with pytest.raises(BankUnavailable):
            await away.query(OrderId(new_id(), datetime.now(UTC)))


async def test_another_bank_at_the_address_is_not_believed(rig: Rig, tmp_path: Path) -> None:
    """The credentials are of one bank, the answers of another."""
    other = tmp_path / "other"
    open_keys(other)
    (other / "merchant.secret").write_bytes((rig.state / "merchant.secret").read_bytes())
    async with BANKS[rig.bank.name](rig.url, other) as fooled:
        with pytest.raises(BankUnavailable):
            await fooled.open(order(rig))


async def test_a_merchant_with_another_secret_gets_nothing(rig: Rig, tmp_path: Path) -> None:
    other = tmp_path / "other"
    open_keys(other)
    (other / "bank.pub").write_bytes((rig.state / "bank.pub").read_bytes())
    async with BANKS[rig.bank.name](rig.url, other) as stranger:
        with pytest.raises(BankRefused):
            await stranger.open(order(rig))


@pytest.mark.parametrize("name", ["bank.pub", "merchant.secret"])
@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"\xff\xfe"])
async def test_credentials_that_are_missing_or_wrong_name_their_file(
    rig: Rig, tmp_path: Path, name: str, content: bytes | None
) -> None:
    folder = tmp_path / "bad"
    open_keys(folder)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(CredentialsRefused, match=name):
        async with BANKS[rig.bank.name](rig.url, folder):
            pass
