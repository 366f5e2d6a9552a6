"""A refund at the emulated UnionPay whose request or answer is lost or delayed: it is sent once and posted once.

Two processes share one database: one reaches the bank through a faulty proxy, the other directly.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import test_utils, web

from central_server.bank_emulator.unionpay.transactions import PAYMENT, Transaction, TransactionBook
from central_server.banks.port import Bank, BankUnavailable, Form, OrderId
from central_server.banks.registry import BANKS
from central_server.donations import refund_approval
from central_server.donations.open_attempt import SentToBank
from central_server.donations.refund_approval import RefundNotPossible
from central_server.store.donations import attempts, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import StoredRefund
from central_server.store.engine.database import Database, open_database
from central_server.store.ledger import ledger_lines
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donation_services import DonationServices, furnish
from tests.fakes.donor import Donor
from tests.fakes.unionpay import account_at
from tests.unit.central_server.unionpay_orders import Drill, drill

_REFUND = "/gateway/api/backTransReq.do"


@dataclass
class Line:
    """A proxy to the bank. `fault`: applied to the next refund request. `reached`: the fault has begun."""

    bank_url: str
    fault: str = ""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    resume: asyncio.Event = field(default_factory=asyncio.Event)

    async def carry(self, request: web.Request) -> web.Response:
        fault, self.fault = (self.fault, "") if request.path == _REFUND else ("", self.fault)
        body, headers = await request.read(), {"Content-Type": request.headers["Content-Type"]}
        if fault == "request delayed":
            await self._stand()
        if fault == "request lost":
            _cut(request)
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.bank_url}{request.path}", data=body, headers=headers) as answer,
        ):
            came = await answer.read()
        if fault == "answer delayed":
            await self._stand()
        if fault == "answer lost":
            _cut(request)
        return web.Response(body=came)

    async def _stand(self) -> None:
        self.reached.set()
        await self.resume.wait()


@dataclass
class Cut:
    """`slow` and `other`: the two processes. `book`: the bank's transactions."""

    drilled: Drill
    line: Line
    slow: DonationServices[Bank]
    other: DonationServices[Bank]
    book: Path
    gateway: DeliveringGateway
    now: datetime

    def went(self) -> list[Transaction]:
        return [each for each in TransactionBook(self.book) if each.kind != PAYMENT and each.money_moved]

    async def approved(self, minor: int) -> StoredRefund:
        """Of a gift of 50 yuan that was paid there."""
        gift = await self._paid()
        async with self.other.database.write() as connection:
            asked = await refund_approval.request_refund(
                connection, gift.id, minor, "why", bank=gift.bank, by="ming", now=self.now
            )
            return await refund_approval.decide_refund(
                connection, asked.id, approve=True, note="", by="hua", now=self.now
            )

    async def passes(self, seconds: float) -> None:
        self.drilled.clock.advance(seconds)
        self.now += timedelta(seconds=seconds)

    async def state_and_lines(self, refund: StoredRefund) -> tuple[str, list[int]]:
        """Return the refund's state and its amounts in the ledger."""
        async with self.other.database.read() as connection:
            refund_ = await refunds.get(connection, refund.id)
            lines = await ledger_lines.of_attempts(connection, [refund.attempt])
        assert refund_ is not None
        return refund_.state, [line.amount_minor for line in lines if line.kind == "refund"]

    async def _paid(self) -> Attempt:
        parcel = self.gateway.intent(amount_minor=5000)
        went = await self.other.press(self.gateway.ticket(parcel, issued_at=self.now), self.now)
        assert isinstance(went, SentToBank)
        assert isinstance(went.handover, Form)
        async with aiohttp.ClientSession() as session:
            donor = Donor(session)
            page = await donor.send(went.handover.action, dict(went.handover.fields))
            await donor.press(page, decision="confirm")
        (attempt,) = await self.other.tried(self.gateway.id, parcel.id)
        report = await self.other.bank.query(OrderId(attempt.id, attempt.opened_at))
        await self.other.settlement.record_report(report, self.now)
        async with self.other.database.read() as connection:
            refund_ = await attempts.get(connection, attempt.id)
        assert refund_ is not None
        return refund_


@pytest.fixture
async def cut(tmp_path: Path, database: Database, store_url: str) -> AsyncIterator[Cut]:
    async with AsyncExitStack() as edges:
        drilled = await edges.enter_async_context(drill(tmp_path / "bank"))
        line = Line(drilled.url)
        app = web.Application()
        app.add_routes([web.post("/{path:.*}", line.carry)])
        between = await edges.enter_async_context(test_utils.TestServer(app))
        account = account_at(str(between.make_url("")).rstrip("/"), tmp_path / "bank" / "merchant", drilled.clock)
        by_line = await edges.enter_async_context(BANKS["unionpay"](account))
        elsewhere = await edges.enter_async_context(open_database(store_url))
        now, gateway = _morning(drilled), DeliveringGateway()
        await furnish(database, tmp_path, gateway, now)
        nobody = "http://127.0.0.1:9/notify"
        slow: DonationServices[Bank] = DonationServices(elsewhere, by_line, notify_url=nobody)
        other: DonationServices[Bank] = DonationServices(database, drilled.bank, notify_url=nobody)
        yield Cut(drilled, line, slow, other, tmp_path / "bank" / "transactions.jsonl", gateway, now)


@pytest.mark.parametrize("fault", ["request lost", "answer lost"])
@pytest.mark.parametrize("minor", [2000, 5000])
async def test_a_lost_request_or_answer_is_queried(cut: Cut, fault: str, minor: int) -> None:
    refund = await cut.approved(minor)
    cut.line.fault = fault
    with pytest.raises(BankUnavailable):
        await cut.slow.refund_sender.process_due(cut.now)
    assert await cut.state_and_lines(refund) == ("sent", [])
    assert len(cut.went()) == (fault == "answer lost")
    for house in (cut.other, cut.slow, cut.other):
        await cut.passes(40)
        await house.refund_sender.process_due(cut.now)
    assert [(each.order_id, each.amount) for each in cut.went()] == [(refund.id, minor)]
    assert await cut.state_and_lines(refund) == ("refunded", [minor])


@pytest.mark.parametrize("minutes", [1, 16])
@pytest.mark.parametrize("minor", [2000, 5000])
async def test_a_delayed_request_after_another_process_sent_it_changes_nothing(
    cut: Cut, minor: int, minutes: int
) -> None:
    """After a quarter of an hour the bank refuses the request as too old, even if it knows the refund."""
    refund = await cut.approved(minor)
    cut.line.fault = "request delayed"
    async with _standing(cut):
        await cut.passes(60)
        await cut.other.refund_sender.process_due(cut.now)
        assert [each.order_id for each in cut.went()] == [refund.id]
        await cut.passes(60 * minutes)
    assert (await cut.state_and_lines(refund))[0] in ("sent", "refunded")
    with pytest.raises(RefundNotPossible, match="too_much"):
        await _ask_again(cut, refund, 5001 - minor)
    await cut.passes(600)
    await cut.other.refund_sender.process_due(cut.now)
    assert [(each.order_id, each.amount) for each in cut.went()] == [(refund.id, minor)]
    assert await cut.state_and_lines(refund) == ("refunded", [minor])


async def test_a_delayed_answer_after_completion_changes_nothing(cut: Cut) -> None:
    refund = await cut.approved(2000)
    cut.line.fault = "answer delayed"
    async with _standing(cut):
        await cut.passes(60)
        await cut.other.refund_sender.process_due(cut.now)
        assert await cut.state_and_lines(refund) == ("refunded", [2000])
    assert await cut.state_and_lines(refund) == ("refunded", [2000])
    assert len(cut.went()) == 1


async def test_a_request_that_arrives_too_late_and_is_unknown_is_refused(cut: Cut) -> None:
    refund = await cut.approved(2000)
    cut.line.fault = "request delayed"
    async with _standing(cut):
        await cut.passes(16 * 60)
    assert await cut.state_and_lines(refund) == ("refused", [])
    assert not cut.went()
    await _ask_again(cut, refund, 5000)


@asynccontextmanager
async def _standing(cut: Cut) -> AsyncIterator[None]:
    """Run the slow process, delayed by its proxy until the block ends."""
    telling = asyncio.create_task(cut.slow.refund_sender.process_due(cut.now))
    await cut.line.reached.wait()
    yield
    cut.line.resume.set()
    assert await telling == 1


async def _ask_again(cut: Cut, refund: StoredRefund, minor: int) -> None:
    async with cut.other.database.write() as connection:
        await refund_approval.request_refund(
            connection, refund.attempt, minor, "again", bank="unionpay", by="ming", now=cut.now
        )


def _morning(drilled: Drill) -> datetime:
    """Return tomorrow at eleven in Beijing: far from a day's end and from the machine's time, which the bank accepts
    too.
    """
    now = datetime.now(UTC)
    morning = datetime.combine(now.date() + timedelta(days=1), time(3), UTC)
    drilled.clock.advance((morning - now).total_seconds())
    return morning


def _cut(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()
    raise ConnectionResetError
