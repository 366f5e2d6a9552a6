"""Every bank of BANKS, held to what it declares. A new bank needs an entry in RIGS: a way to play its other side."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from central_server.bank_emulator.keys import open_keys
from central_server.bank_emulator.notifying import notification
from central_server.bank_emulator.orders import OrderBook, RefundBook
from central_server.bank_emulator.unionpay.authority import Authority, open_authority
from central_server.bank_emulator.unionpay.clock import Clock, settlement_day
from central_server.bank_emulator.unionpay.forging import forged_body
from central_server.banks import BANKS, Account
from central_server.banks.link import Link
from central_server.banks.port import (
    Bank,
    BankRefused,
    BankUnavailable,
    Capabilities,
    CredentialsRefused,
    Handover,
    Movement,
    NoStatement,
    NotificationRefused,
    Order,
    OrderId,
    OrderReport,
    OrderState,
    Redirect,
    Refund,
)
from central_server.banks.sandbox import Sandbox
from central_server.banks.unionpay.gateway import UnionPay
from central_server.settings_bank import BankSettings
from sync_contract.identity import new_id
from sync_contract.money import Money
from sync_contract.strict import Environment, Language
from tests.fakes.central_process import running_bank
from tests.fakes.donor import Donor, Page
from tests.fakes.unionpay import FORM, account_at, authority_in, notification_fields

KINDS: dict[str, type[Bank]] = {"link": Link, "sandbox": Sandbox, "unionpay": UnionPay}


@dataclass
class Rig:
    """A bank together with its other side. `decisions`: what its page calls paying and not paying."""

    bank: Bank
    account: Account
    donor: Donor
    url: str
    clock: Clock
    decisions: tuple[str, str] = ("", "")
    secrets: tuple[str, ...] = ()
    """The files of the credentials."""

    def told(self, order: str) -> tuple[dict[str, str], bytes]:
        """What the bank sends for an order that was paid or a refund that was made."""
        raise NotImplementedError

    def elsewhere(self, folder: Path) -> Account:
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
    def told(self, order: str) -> tuple[dict[str, str], bytes]:
        folder = self.account.credentials
        paid = OrderBook(folder / "orders.jsonl").get(order)
        held = paid or RefundBook(folder / "refunds.jsonl").get(order)
        assert held is not None
        return notification(held, open_keys(folder))

    def elsewhere(self, folder: Path) -> Account:
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

    def told(self, order: str) -> tuple[dict[str, str], bytes]:
        assert self.authority is not None
        fields = notification_fields(self.authority.folder.parent, order)
        return dict(FORM), forged_body(fields, self.authority)

    def elsewhere(self, folder: Path) -> Account:
        """Authorities of the very same names, which are not those of the bank at the address."""
        return replace(self.account, credentials=open_authority(folder).merchant_folder)


@asynccontextmanager
async def sandbox(folder: Path) -> AsyncIterator[Rig]:
    async with running_bank(folder, minutes=()) as running, aiohttp.ClientSession() as session:
        account = Account(BankSettings(kind="sandbox", url=running.url), Environment.drill, folder)
        async with BANKS["sandbox"](account) as bank:
            secrets = ("bank.pub", "merchant.secret")
            yield SandboxRig(bank, account, Donor(session), running.url, Clock(), ("confirm", "cancel"), secrets)


@asynccontextmanager
async def link(folder: Path) -> AsyncIterator[Rig]:
    told = BankSettings(
        kind="link",
        link_url="https://give.example.org/{project}?yuan={amount_yuan}&lang={lang}",
        link_hosts=("give.example.org",),
    )
    account = Account(told, Environment.drill, folder)
    async with BANKS["link"](account) as bank, aiohttp.ClientSession() as session:
        yield LinkRig(bank, account, Donor(session), "https://give.example.org", Clock())


@asynccontextmanager
async def unionpay(folder: Path) -> AsyncIterator[Rig]:
    authority, clock = authority_in(folder), Clock()
    async with (
        running_bank(folder, minutes=(), kind="unionpay", clock=clock) as running,
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


@pytest.fixture(params=sorted(BANKS))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with RIGS[request.param](tmp_path / "bank") as rig:
        yield rig


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


def test_every_bank_stands_before_this_suite() -> None:
    assert RIGS.keys() == BANKS.keys() == KINDS.keys()


async def test_a_bank_is_what_it_is_opened_as(rig: Rig) -> None:
    names = [name for name, kind in KINDS.items() if isinstance(rig.bank, kind)]
    assert [rig.bank.name] == names
    assert rig.bank.environment is rig.account.environment
    assert rig.bank.capabilities is KINDS[rig.bank.name].capabilities
    assert rig.bank.expiring(datetime.now(UTC)) == ()


async def test_an_order_leads_to_a_page_that_our_forms_may_lead_to(rig: Rig) -> None:
    wanted = order(rig)
    parts = urlsplit(target(await rig.bank.open(wanted)))
    assert rig.bank.form_targets == (f"{parts.scheme}://{parts.netloc}",)
    page = await rig.goes(wanted)
    assert page.status == 200
    assert "¥50" in page.text()


async def test_the_same_order_again_is_the_same_order(rig: Rig) -> None:
    wanted = order(rig)
    assert await rig.bank.open(wanted) == await rig.bank.open(wanted)
    assert await rig.bank.open(wanted) != await rig.bank.open(order(rig, 5001))


async def test_a_bank_takes_an_order_again_or_says_that_it_does_not(rig: Rig) -> None:
    wanted = order(rig)
    assert [(await rig.goes(wanted)).status < 400 for _ in range(2)] == [True, rig.bank.capabilities.reopens]


@QUERIES
async def test_the_same_order_with_another_amount_is_refused(rig: Rig) -> None:
    wanted = order(rig)
    await rig.goes(wanted)
    try:
        page = await rig.goes(replace(wanted, amount=Money(5001)))
    except BankRefused:
        return
    assert page.status == 400


@QUERIES
async def test_a_query_tells_how_an_order_stands(rig: Rig) -> None:
    paid, cancelled, waiting = order(rig), order(rig, 700), order(rig)
    assert (await rig.bank.query(known(paid))).state is OrderState.unknown
    await rig.pays(paid)
    await rig.cancels(cancelled)
    await rig.goes(waiting)
    told = [await rig.bank.query(known(wanted)) for wanted in (paid, cancelled, waiting)]
    ended = OrderState.failed if rig.bank.capabilities.reopens else OrderState.open  # it may still be tried again
    assert (told[0].state, told[1].state) == (OrderState.paid, ended)
    assert told[2].state in (OrderState.open, OrderState.unknown)
    assert told[0].amount == Money(5000)
    assert told[0].evidence
    assert not any(report.flawed for report in told)
    assert [report.order for report in told] == [paid.id, cancelled.id, waiting.id]


@QUERIES
async def test_a_paid_order_cannot_be_cancelled(rig: Rig) -> None:
    wanted = order(rig)
    page = await rig.goes(wanted)
    for decision in rig.decisions:
        await rig.donor.press(page, decision=decision)
    assert (await rig.bank.query(known(wanted))).state is OrderState.paid


@NOTIFIES
async def test_a_notification_of_the_bank_is_believed(rig: Rig) -> None:
    wanted = order(rig)
    await rig.pays(wanted)
    headers, body = rig.told(wanted.id)
    told = rig.bank.verify(headers, body)
    assert (told.order, told.amount, told.movement, told.flawed) == (
        wanted.id,
        wanted.amount,
        Movement.payment,
        False,
    )
    assert told == rig.bank.verify(headers, body)
    assert told.at in (None, wanted.at.replace(microsecond=0))
    assert told.evidence == (await rig.bank.query(known(wanted))).evidence
    assert told.content


@NOTIFIES
async def test_no_altered_notification_is_believed(rig: Rig) -> None:
    wanted = order(rig)
    await rig.pays(wanted)
    headers, body = rig.told(wanted.id)
    for place in range(0, len(body), 3):
        with pytest.raises(NotificationRefused):
            rig.bank.verify(headers, body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
    for name in headers:
        with pytest.raises(NotificationRefused):
            rig.bank.verify({key: value for key, value in headers.items() if key != name}, body)


@QUERIES
async def test_a_bank_that_is_away_is_unavailable(rig: Rig) -> None:
    away = replace(rig.account, settings=rig.account.settings.at("http://127.0.0.1:1"))
    async with BANKS[rig.bank.name](away) as bank:
        with pytest.raises(BankUnavailable):
            await bank.query(known(order(rig)))
        if rig.bank.capabilities.reopens:  # else it hears of an order from the donor's browser
            with pytest.raises(BankUnavailable):
                await bank.open(order(rig))


@QUERIES
async def test_another_bank_at_the_address_is_not_believed(rig: Rig, tmp_path: Path) -> None:
    """The credentials are of one bank, the answers of another."""
    wanted = order(rig)
    await rig.pays(wanted)
    async with BANKS[rig.bank.name](rig.elsewhere(tmp_path / "other")) as fooled:
        with pytest.raises(BankUnavailable):
            await fooled.query(known(wanted))
        with pytest.raises(NotificationRefused):
            fooled.verify(*rig.told(wanted.id))


@REFUNDS
async def test_a_payment_is_given_back_in_parts_and_never_more_than_it_was(rig: Rig) -> None:
    wanted = order(rig)
    await rig.pays(wanted)
    report = await rig.bank.query(known(wanted))
    part = refund_of(rig, wanted, report, 2000)
    for _ in range(2):  # the same refund again is the same one
        await rig.bank.refund(part)
    with pytest.raises(BankRefused):
        await rig.bank.refund(refund_of(rig, wanted, report, 3001))
    rest = refund_of(rig, wanted, report, 3000)
    await rig.bank.refund(rest)
    with pytest.raises(BankRefused):
        await rig.bank.refund(refund_of(rig, wanted, report, 1))
    for made, minor in ((part, 2000), (rest, 3000)):
        told = await rig.bank.query(OrderId(made.id, made.at, Movement.refund))
        assert (told.state, told.amount) == (OrderState.paid, Money(minor))
        notified = rig.bank.verify(*rig.told(made.id))
        assert (notified.order, notified.amount, notified.movement) == (made.id, Money(minor), Movement.refund)
        assert notified.evidence == told.evidence != report.evidence
    assert (await rig.bank.query(known(wanted))).state is OrderState.paid


@REFUNDS
async def test_a_whole_payment_is_taken_back_on_its_day(rig: Rig) -> None:
    wanted = order(rig)
    await rig.pays(wanted)
    report = await rig.bank.query(known(wanted))
    with pytest.raises(BankRefused):
        await rig.bank.refund(refund_of(rig, wanted, report, 4999, whole=True))
    whole = refund_of(rig, wanted, report, 5000, whole=True)
    await rig.bank.refund(whole)
    assert (await rig.bank.query(OrderId(whole.id, whole.at, Movement.refund))).state is OrderState.paid
    assert rig.bank.verify(*rig.told(whole.id)).movement is Movement.refund


@REFUNDS
async def test_what_was_never_paid_is_not_given_back(rig: Rig) -> None:
    wanted = order(rig)
    await rig.goes(wanted)
    nowhere = OrderReport(wanted.id, OrderState.paid, wanted.amount, "2" * 21)
    with pytest.raises(BankRefused):
        await rig.bank.refund(refund_of(rig, wanted, nowhere, 5000))


@REFUNDS
async def test_a_refund_that_nobody_asked_for_is_unknown(rig: Rig) -> None:
    asked = OrderId(new_id(), datetime.fromtimestamp(rig.clock.now(), UTC) - timedelta(days=3), Movement.refund)
    assert (await rig.bank.query(asked)).state is OrderState.unknown


@STATES
async def test_the_file_of_a_day_has_what_moved_on_it(rig: Rig) -> None:
    paid, returned, waiting = order(rig, 4321), order(rig), order(rig)
    for wanted in (paid, returned):
        await rig.pays(wanted)
    await rig.goes(waiting)
    reports = {wanted.id: await rig.bank.query(known(wanted)) for wanted in (paid, returned)}
    back = refund_of(rig, returned, reports[returned.id], 1234)
    await rig.bank.refund(back)
    day = settlement_day(rig.clock.now())
    with pytest.raises(NoStatement):
        await rig.bank.statement(day)
    await rig.turn(timedelta(days=1))
    statement = await rig.bank.statement(day)
    assert (statement.bank, statement.day) == (rig.bank.name, day)
    assert sorted((row.order, row.movement, row.amount.minor, row.evidence) for row in statement.rows) == sorted(
        [
            (paid.id, Movement.payment, 4321, reports[paid.id].evidence),
            (returned.id, Movement.payment, 5000, reports[returned.id].evidence),
            (
                back.id,
                Movement.refund,
                1234,
                (await rig.bank.query(OrderId(back.id, back.at, Movement.refund))).evidence,
            ),
        ]
    )
    (given,) = (row for row in statement.rows if row.movement is Movement.refund)
    assert given.refers == reports[returned.id].evidence
    assert [row.line for row in statement.rows] == [1, 2, 3]
    assert all((row.fee_minor > 0) is (row.movement is Movement.payment) for row in statement.rows)
    assert statement == await rig.bank.statement(day)
    with pytest.raises(NoStatement):
        await rig.bank.statement(day - timedelta(days=1))


async def test_what_a_bank_does_not_declare_it_refuses(rig: Rig) -> None:
    able, wanted = rig.bank.capabilities, order(rig)
    nothing = OrderReport(wanted.id, OrderState.paid, wanted.amount, "2" * 21)
    if not able.queries:
        with pytest.raises(BankRefused):
            await rig.bank.query(known(wanted))
    if not able.notifies:
        with pytest.raises(NotificationRefused):
            rig.bank.verify({}, b"")
    if not able.refunds:
        with pytest.raises(BankRefused):
            await rig.bank.refund(refund_of(rig, wanted, nothing, 5000))
    if not able.states:
        with pytest.raises(BankRefused):
            await rig.bank.statement(date(2026, 11, 24))


async def test_a_merchant_with_another_secret_gets_nothing(tmp_path: Path) -> None:
    async with sandbox(tmp_path / "bank") as rig:
        other = tmp_path / "other"
        open_keys(other)
        (other / "bank.pub").write_bytes((rig.account.credentials / "bank.pub").read_bytes())
        async with BANKS["sandbox"](replace(rig.account, credentials=other)) as stranger:
            with pytest.raises(BankRefused):
                await stranger.open(order(rig))


@NOTIFIES
@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"\xff\xfe"])
async def test_credentials_that_are_missing_or_wrong_name_their_file(
    rig: Rig, tmp_path: Path, content: bytes | None
) -> None:
    for name in rig.secrets:
        folder = tmp_path / f"bad {name}"
        folder.mkdir()
        for each in rig.secrets:
            (folder / each).write_bytes((rig.account.credentials / each).read_bytes())
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(content)
        with pytest.raises(CredentialsRefused, match=name):
            async with BANKS[rig.bank.name](replace(rig.account, credentials=folder)):
                pass
