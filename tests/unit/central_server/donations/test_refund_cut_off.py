"""A refund at the emulated UnionPay whose request or answer is cut off, or late: it goes once, and is posted once.

Two processes on one database: one reaches the bank through a line that does as it is told, the other straight.
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
from tests.fakes.donor import Donor
from tests.fakes.money_house import House, furnish
from tests.fakes.unionpay import account_at
from tests.unit.central_server.unionpay_orders import Drill, drill

_REFUND = "/gateway/api/backTransReq.do"


@dataclass
class Line:
    """To the bank and back. `fault`: what becomes of the next refund's telling; `there`: it has come that far."""

    bank_url: str
    fault: str = ""
    there: asyncio.Event = field(default_factory=asyncio.Event)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def carry(self, request: web.Request) -> web.Response:
        fault, self.fault = (self.fault, "") if request.path == _REFUND else ("", self.fault)
        body, headers = await request.read(), {"Content-Type": request.headers["Content-Type"]}
        if fault == "request stands":
            await self._stand()
        if fault == "request lost":
            _cut(request)
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.bank_url}{request.path}", data=body, headers=headers) as answer,
        ):
            came = await answer.read()
        if fault == "answer stands":
            await self._stand()
        if fault == "answer lost":
            _cut(request)
        return web.Response(body=came)

    async def _stand(self) -> None:
        self.there.set()
        await self.goes_on.wait()


@dataclass
class Cut:
    """`slow` and `other`: the processes. `book`: the bank's."""

    drilled: Drill
    line: Line
    slow: House[Bank]
    other: House[Bank]
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

    async def stands(self, refund: StoredRefund) -> tuple[str, list[int]]:
        """The refund's state, and what the ledger has of it."""
        async with self.other.database.read() as connection:
            held = await refunds.get(connection, refund.id)
            lines = await ledger_lines.of_attempts(connection, [refund.attempt])
        assert held is not None
        return held.state, [line.amount_minor for line in lines if line.kind == "refund"]

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
            held = await attempts.get(connection, attempt.id)
        assert held is not None
        return held


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
        slow: House[Bank] = House(elsewhere, by_line, notify_url=nobody)
        other: House[Bank] = House(database, drilled.bank, notify_url=nobody)
        yield Cut(drilled, line, slow, other, tmp_path / "bank" / "transactions.jsonl", gateway, now)


@pytest.mark.parametrize("fault", ["request lost", "answer lost"])
@pytest.mark.parametrize("minor", [2000, 5000])
async def test_a_telling_that_is_cut_off_is_asked_about(cut: Cut, fault: str, minor: int) -> None:
    refund = await cut.approved(minor)
    cut.line.fault = fault
    with pytest.raises(BankUnavailable):
        await cut.slow.refund_sender.process_due(cut.now)
    assert await cut.stands(refund) == ("sent", [])
    assert len(cut.went()) == (fault == "answer lost")
    for house in (cut.other, cut.slow, cut.other):
        await cut.passes(40)
        await house.refund_sender.process_due(cut.now)
    assert [(each.order_id, each.amount) for each in cut.went()] == [(refund.id, minor)]
    assert await cut.stands(refund) == ("refunded", [minor])


@pytest.mark.parametrize("minutes", [1, 16])
@pytest.mark.parametrize("minor", [2000, 5000])
async def test_a_telling_that_comes_after_another_processs_ends_nothing(cut: Cut, minor: int, minutes: int) -> None:
    """After a quarter of an hour the bank refuses it as too old, whatever it knows of the number."""
    refund = await cut.approved(minor)
    cut.line.fault = "request stands"
    async with _standing(cut):
        await cut.passes(60)
        await cut.other.refund_sender.process_due(cut.now)
        assert [each.order_id for each in cut.went()] == [refund.id]
        await cut.passes(60 * minutes)
    assert (await cut.stands(refund))[0] in ("sent", "refunded")
    with pytest.raises(RefundNotPossible, match="too_much"):
        await _ask_again(cut, refund, 5001 - minor)
    await cut.passes(600)
    await cut.other.refund_sender.process_due(cut.now)
    assert [(each.order_id, each.amount) for each in cut.went()] == [(refund.id, minor)]
    assert await cut.stands(refund) == ("refunded", [minor])


async def test_an_answer_that_comes_when_all_is_known_changes_nothing(cut: Cut) -> None:
    refund = await cut.approved(2000)
    cut.line.fault = "answer stands"
    async with _standing(cut):
        await cut.passes(60)
        await cut.other.refund_sender.process_due(cut.now)
        assert await cut.stands(refund) == ("refunded", [2000])
    assert await cut.stands(refund) == ("refunded", [2000])
    assert len(cut.went()) == 1


async def test_a_telling_that_comes_too_old_and_is_not_known_has_ended(cut: Cut) -> None:
    refund = await cut.approved(2000)
    cut.line.fault = "request stands"
    async with _standing(cut):
        await cut.passes(16 * 60)
    assert await cut.stands(refund) == ("refused", [])
    assert not cut.went()
    await _ask_again(cut, refund, 5000)


@asynccontextmanager
async def _standing(cut: Cut) -> AsyncIterator[None]:
    """The slow process is at it, and stands where its line does, until the block ends."""
    telling = asyncio.create_task(cut.slow.refund_sender.process_due(cut.now))
    await cut.line.there.wait()
    yield
    cut.line.goes_on.set()
    assert await telling == 1


async def _ask_again(cut: Cut, refund: StoredRefund, minor: int) -> None:
    async with cut.other.database.write() as connection:
        await refund_approval.request_refund(
            connection, refund.attempt, minor, "again", bank="unionpay", by="ming", now=cut.now
        )


def _morning(drilled: Drill) -> datetime:
    """Tomorrow at eleven in Beijing: far from a day's end, and from the machine's time, which the bank knows too."""
    now = datetime.now(UTC)
    morning = datetime.combine(now.date() + timedelta(days=1), time(3), UTC)
    drilled.clock.advance((morning - now).total_seconds())
    return morning


def _cut(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()
    raise ConnectionResetError
