"""A payment that completes after its order's time is marked late and is returned once: by the bank, not by us."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from central_server.banks.port import Bank, Form, OrderId
from central_server.donations import refund_approval
from central_server.donations.open_attempt import SentToBank
from central_server.donations.refund_approval import RefundNotPossible, RefundProblem
from central_server.reconciliation.nightly import NightlyRun
from central_server.reconciliation.statement_import import Reconciler
from central_server.store.donations.attempts import Attempt
from central_server.store.engine.database import Database
from central_server.store.ledger import ledger_lines
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donation_services import DonationServices, furnish
from tests.fakes.donor import Donor
from tests.fakes.unionpay import FORM, authority_in, notification_fields
from tests.fakes.unionpay_forging import forge_body
from tests.unit.central_server.unionpay_orders import Drill, drill

Late = tuple[str, str, bool]
"""A fault of the bank, the first report of the payment, and whether the payment is late."""
CASES: dict[str, Late] = {
    "a late e-bank payment, notified": ("ebank-late=00", "notification", True),
    "a late e-bank payment, queried": ("ebank-late=00", "query", True),
    "a payment in time, notified late": ("notify-lost", "notification", False),
    "a payment in time, queried late": ("notify-lost", "query", False),
}


@dataclass
class Hall:
    drilled: Drill
    house: DonationServices[Bank]
    gateway: DeliveringGateway
    state: Path
    now: datetime

    def wait(self, period: timedelta) -> None:
        self.drilled.clock.advance(period.total_seconds())
        self.now += period

    async def pay(self, donor: Donor) -> Attempt:
        parcel = self.gateway.intent(amount_minor=5000)
        went = await self.house.press(self.gateway.ticket(parcel, issued_at=self.now), self.now)
        assert isinstance(went, SentToBank)
        assert isinstance(went.handover, Form)
        page = await donor.send(went.handover.action, dict(went.handover.fields))
        await donor.press(page, decision="confirm")
        (attempt,) = await self.house.tried(self.gateway.id, parcel.id)
        return attempt

    async def notify(self, attempt: Attempt) -> bool:
        body = forge_body(notification_fields(self.state, attempt.id), authority_in(self.state))
        return await self.house.settlement.record_notification(self.house.bank.verify(FORM, body), self.now)

    async def query(self, attempt: Attempt) -> None:
        report = await self.house.bank.query(OrderId(attempt.id, attempt.opened_at))
        await self.house.settlement.record_report(report, self.now)

    async def request_refund(self, attempt: Attempt) -> None:
        async with self.house.database.write() as connection:
            await refund_approval.request_refund(
                connection, attempt.id, 5000, "why", bank="unionpay", by="ming", now=self.now
            )

    async def lines(self, attempt: Attempt) -> list[tuple[str, int, bool]]:
        async with self.house.database.read() as connection:
            lines = await ledger_lines.of_intent(connection, attempt.gateway, attempt.intent)
        return [(line.kind, line.amount_minor, line.late) for line in lines if line.kind != "fee"]


@pytest.fixture
async def hall(request: pytest.FixtureRequest, tmp_path: Path, database: Database) -> AsyncIterator[Hall]:
    async with drill(tmp_path / "bank", request.param) as drilled:
        now = datetime.combine(datetime.now(UTC).date() + timedelta(days=1), time(3), UTC)
        drilled.clock.advance((now - datetime.now(UTC)).total_seconds())
        gateway = DeliveringGateway()
        await furnish(database, tmp_path, gateway, now)
        house: DonationServices[Bank] = DonationServices(database, drilled.bank, notify_url=f"{drilled.url}/n")
        yield Hall(drilled, house, gateway, tmp_path / "bank", now)


@pytest.mark.parametrize(
    ("hall", "report", "late"), CASES.values(), ids=[name.replace(" ", "-") for name in CASES], indirect=["hall"]
)
async def test_a_late_payment_is_held_and_returned_by_the_bank_alone(
    hall: Hall, donor: Donor, report: str, late: bool
) -> None:
    attempt = await hall.pay(donor)
    hall.wait(timedelta(minutes=16, seconds=30))
    await donor.open(f"{hall.drilled.url}/")  # the bank has completed the payment when it answers
    await (hall.notify(attempt) if report == "notification" else hall.query(attempt))
    assert await hall.lines(attempt) == [("paid", 5000, late)]
    if not late:
        await hall.request_refund(attempt)
        return
    with pytest.raises(RefundNotPossible) as refused:
        await hall.request_refund(attempt)
    assert refused.value.problem is RefundProblem.on_hold
    hall.wait(timedelta(days=10))
    await donor.open(f"{hall.drilled.url}/")
    await NightlyRun(hall.house.bank, Reconciler(hall.house.database, "unionpay", "drill", lambda: None)).run(hall.now)
    assert await hall.lines(attempt) == [("paid", 5000, True), ("refund", 5000, False)]
    hall.wait(timedelta(days=10))
    with pytest.raises(RefundNotPossible) as refused:
        await hall.request_refund(attempt)
    assert refused.value.problem is RefundProblem.too_much


@pytest.mark.parametrize("hall", ["notify-lost"], indirect=True)
async def test_a_notification_that_is_sent_again_in_another_encoding_is_accepted(hall: Hall, donor: Donor) -> None:
    attempt = await hall.pay(donor)
    assert await hall.notify(attempt)
    fields = notification_fields(hall.state, attempt.id)
    again = forge_body(fields | {"respMsg": "Success"}, authority_in(hall.state))
    encoded = urlencode(list(reversed(parse_qsl(again.decode())))).replace("+", "%20").encode()
    assert encoded != again
    notification = hall.house.bank.verify(FORM, encoded)
    assert not await hall.house.settlement.record_notification(notification, hall.now)
    assert len(await hall.lines(attempt)) == 1
