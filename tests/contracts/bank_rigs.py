"""Every bank of BANKS together with its other side. A new bank needs an entry in RIGS: a way to play that side."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from central_server.bank_emulator.keys import open_keys
from central_server.bank_emulator.notification_sender import build_notification
from central_server.bank_emulator.orders import OrderBook, RefundBook
from central_server.bank_emulator.unionpay.authority import Authority, open_authority
from central_server.bank_emulator.unionpay.clock import Clock
from central_server.banks.link import Link
from central_server.banks.port import (
    Bank,
    Capabilities,
    Handover,
    Order,
    OrderId,
    OrderReport,
    Redirect,
    Refund,
)
from central_server.banks.registry import BANKS, BankAccount
from central_server.banks.sandbox import Sandbox
from central_server.banks.unionpay.gateway import UnionPay
from central_server.settings_bank import BankSettings
from sync_contract.money import Money
from sync_contract.strict_model import Environment, Language
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import running_bank
from tests.fakes.donor import Donor, Page
from tests.fakes.unionpay import FORM, account_at, authority_in, notification_fields
from tests.fakes.unionpay_forging import forge_body

KINDS: dict[str, type[Bank]] = {"link": Link, "sandbox": Sandbox, "unionpay": UnionPay}


@dataclass
class Rig:
    """A bank together with its other side. `decisions`: what its page calls paying and not paying."""

    bank: Bank
    account: BankAccount
    donor: Donor
    url: str
    clock: Clock
    decisions: tuple[str, str] = ("", "")
    secrets: tuple[str, ...] = ()
    """The files of the credentials."""

    def notification_of(self, order: str) -> tuple[dict[str, str], bytes]:
        """What the bank sends for an order that was paid or a refund that was made."""
        raise NotImplementedError

    def elsewhere(self, folder: Path) -> BankAccount:
        """The account at this address, with the credentials of another bank."""
        raise NotImplementedError

    async def goes(self, order: Order) -> Page:
        """The bank's page that a donor comes to."""
        handover = await self.bank.open(order)
        if isinstance(handover, Redirect):
            return await self.donor.open(handover.url)
        return await self.donor.send(target(handover), dict(handover.fields))  # type: ignore[union-attr]  # or a code

    async def pays(self, order: Order) -> None:
        await self.donor.press(await self.goes(order), decision=self.decisions[0])

    async def cancels(self, order: Order) -> None:
        await self.donor.press(await self.goes(order), decision=self.decisions[1])

    async def turn(self, ahead: timedelta) -> None:
        """Both clocks; the bank has done what was due when this returns."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/control/clock", json={"advance_s": ahead.total_seconds()}) as answer,
        ):
            assert answer.status == 200


class SandboxRig(Rig):
    def notification_of(self, order: str) -> tuple[dict[str, str], bytes]:
        folder = self.account.credentials
        paid = OrderBook(folder / "orders.jsonl").get(order)
        transaction = paid or RefundBook(folder / "refunds.jsonl").get(order)
        assert transaction is not None
        return build_notification(transaction, open_keys(folder))

    def elsewhere(self, folder: Path) -> BankAccount:
        open_keys(folder)
        (folder / "merchant.secret").write_bytes((self.account.credentials / "merchant.secret").read_bytes())
        return replace(self.account, credentials=folder)


class LinkRig(Rig):
    async def goes(self, order: Order) -> Page:
        """Nobody of ours answers there."""
        handover = await self.bank.open(order)
        return Page(200, target(handover), f"¥{order.amount.minor // 100}")


@dataclass
class UnionPayRig(Rig):
    authority: Authority | None = None

    def notification_of(self, order: str) -> tuple[dict[str, str], bytes]:
        assert self.authority is not None
        fields = notification_fields(self.authority.folder.parent, order)
        return dict(FORM), forge_body(fields, self.authority)

    def elsewhere(self, folder: Path) -> BankAccount:
        """Authorities of the very same names, which are not those of the bank at the address."""
        return replace(self.account, credentials=open_authority(folder).merchant_folder)


@asynccontextmanager
async def sandbox(folder: Path) -> AsyncIterator[Rig]:
    async with running_bank(folder, gaps_min=()) as running, aiohttp.ClientSession() as session:
        account = BankAccount(BankSettings(kind="sandbox", url=running.url), Environment.drill, folder)
        async with BANKS["sandbox"](account) as bank:
            secrets = ("bank.pub", "merchant.secret")
            yield SandboxRig(bank, account, Donor(session), running.url, Clock(), ("confirm", "cancel"), secrets)


@asynccontextmanager
async def link(folder: Path) -> AsyncIterator[Rig]:
    settings = BankSettings(
        kind="link",
        link_url="https://give.example.org/{project}?yuan={amount_yuan}&lang={lang}",
        link_hosts=("give.example.org",),
    )
    account = BankAccount(settings, Environment.drill, folder)
    async with BANKS["link"](account) as bank, aiohttp.ClientSession() as session:
        yield LinkRig(bank, account, Donor(session), "https://give.example.org", Clock())


@asynccontextmanager
async def unionpay(folder: Path) -> AsyncIterator[Rig]:
    authority, clock = authority_in(folder), Clock()
    async with (
        running_bank(folder, gaps_min=(), kind="unionpay", clock=clock) as running,
        aiohttp.ClientSession() as session,
    ):
        account = account_at(running.url, running.credentials, clock)
        async with BANKS["unionpay"](account) as bank:
            secrets = ("merchant.key", "merchant.crt", "root.crt", "middle.crt")
            yield UnionPayRig(
                bank, account, Donor(session), running.url, clock, ("confirm", "fail"), secrets, authority
            )


RIGS: dict[str, Callable[[Path], AbstractAsyncContextManager[Rig]]] = {
    "sandbox": sandbox,
    "link": link,
    "unionpay": unionpay,
}


def those(able: Callable[[Capabilities], bool]) -> pytest.MarkDecorator:
    """Only the banks that declare it."""
    return pytest.mark.parametrize(
        "rig", [name for name, kind in KINDS.items() if able(kind.capabilities)], indirect=True
    )


QUERIES = those(lambda able: able.queries)
NOTIFIES = those(lambda able: able.notifies)
REFUNDS = those(lambda able: able.refunds)
STATES = those(lambda able: able.states)


def order(rig: Rig, minor: int = 5000) -> Order:
    """Its return leads to a page that is not there, its notifications nowhere."""
    back = f"{rig.url}/g/x", f"{rig.url}/bank/x/notify"
    at = datetime.fromtimestamp(rig.clock.now(), UTC)
    return Order(new_id(), at, Money(minor), "午餐 / Lunch", Language.en, *back, project="lunch")


def target(handover: Handover) -> str:
    """Where the donor's browser is sent."""
    match handover:
        case Redirect(url):
            return url
        case _:
            assert hasattr(handover, "action")
            return str(handover.action)


def known(order: Order) -> OrderId:
    return OrderId(order.id, order.at)


def refund_of(rig: Rig, paid: Order, report: OrderReport, minor: int, *, whole: bool = False) -> Refund:
    at = datetime.fromtimestamp(rig.clock.now(), UTC)
    return Refund(new_id(), at, known(paid), report.evidence, Money(minor), paid.notify_url, whole)
