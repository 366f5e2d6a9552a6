"""A bank in memory: payments and refunds, with optional loss of requests and answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from central_server.banks.port import (
    BankRefused,
    BankUnavailable,
    Capabilities,
    Expiring,
    Movement,
    NoStatement,
    Notification,
    NotificationProblem,
    NotificationRefused,
    Order,
    OrderId,
    OrderReport,
    OrderState,
    Redirect,
    Refund,
    Statement,
    StatementRow,
)
from sync_contract.money import Money
from sync_contract.strict_model import Environment


@dataclass
class BankOrder:
    order: Order
    state: OrderState = OrderState.open
    payment: str = ""
    flawed: bool = False


@dataclass
class BankRefund:
    refund: Refund
    state: OrderState = OrderState.pending
    number: str = ""


@dataclass
class MoneyBank:
    """`lose_question`, `lose_answer`: lose the next request, or its answer.

    `fee_basis_points`: of each payment, taken with the day's file.

    `rest_first`: check the remaining amount before recognising a repeated refund.
    """

    name: str = "money"
    environment: Environment = Environment.drill
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(notifies=True, queries=True, refunds=True))
    form_targets: tuple[str, ...] = ("http://bank.example",)
    orders: dict[str, BankOrder] = field(default_factory=dict)
    refunds: dict[str, BankRefund] = field(default_factory=dict)
    by_itself: dict[str, int] = field(default_factory=dict)
    """Fen that the bank refunded by itself, by its own number."""
    lose_question: bool = False
    lose_answer: bool = False
    rest_first: bool = False
    fee_basis_points: int = 0
    refund_requests: int = 0
    _numbers: int = 0
    _filed: set[str] = field(default_factory=set)

    @property
    def money_minor(self) -> int:
        """The balance in fen."""
        came = sum(entry.order.amount.minor for entry in self.orders.values() if entry.state is OrderState.paid)
        went = sum(entry.refund.amount.minor for entry in self.refunds.values() if entry.state is OrderState.paid)
        fees = sum(self._fee_minor(entry) for entry in self.orders.values() if entry.payment in self._filed)
        return came - went - fees - sum(self.by_itself.values())

    async def open(self, order: Order) -> Redirect:
        self._arrives()
        entry = self.orders.setdefault(order.id, BankOrder(order))
        if entry.order.amount != order.amount:
            raise BankRefused("another amount")
        self._answers()
        return Redirect(f"http://bank.example/{order.id}")

    def verify(self, headers: Mapping[str, str], body: bytes) -> Notification:
        raise NotificationRefused(NotificationProblem.unsupported, "tests pass notifications directly")

    async def query(self, order: OrderId) -> OrderReport:
        self._arrives()
        if order.movement is Movement.refund:
            refund = self.refunds.get(order.id)
            if refund is None or refund.refund.at != order.at:
                report = OrderReport(order.id, OrderState.unknown, None, "")
            else:
                report = OrderReport(order.id, refund.state, refund.refund.amount, refund.number)
        else:
            entry = self.orders.get(order.id)
            if entry is None or entry.order.at != order.at:
                report = OrderReport(order.id, OrderState.unknown, None, "")
            else:
                report = OrderReport(order.id, entry.state, entry.order.amount, entry.payment, entry.flawed)
        self._answers()
        return report

    async def refund(self, refund: Refund) -> None:
        self._arrives()
        self.refund_requests += 1
        entry = self.orders.get(refund.paid.id)
        if entry is None or entry.payment != refund.payment or entry.state is not OrderState.paid:
            raise BankRefused("no such payment")
        known = self.refunds.get(refund.id)
        if (known is None or self.rest_first) and refund.amount.minor > self.left_minor(refund.paid.id):
            raise BankRefused("more than was paid", code="61")
        if known is None:
            self.refunds[refund.id] = BankRefund(refund)
        elif known.refund != refund:
            raise BankRefused("another refund under this id")
        self._answers()

    async def statement(self, day: date) -> Statement:
        """Return all movements since the previous file."""
        moved = [row for row in self._movements() if row.evidence not in self._filed]
        if not moved:
            raise NoStatement("nothing moved")
        self._filed |= {row.evidence for row in moved}
        rows = tuple(replace(row, line=number) for number, row in enumerate(moved, 1))
        content = "\n".join(map(repr, rows)).encode()
        return Statement(self.name, day, f"{day}.txt", content, rows)

    def _movements(self) -> Iterator[StatementRow]:
        for order, entry in self.orders.items():
            if entry.state is OrderState.paid:
                fee = self._fee_minor(entry)
                yield StatementRow(1, Movement.payment, order, entry.order.amount, fee, entry.payment)
        for id_, back in self.refunds.items():
            if back.state is OrderState.paid:
                yield StatementRow(
                    1, Movement.refund, id_, back.refund.amount, 0, back.number, refers=back.refund.payment
                )
        for number, minor in self.by_itself.items():
            payment = self.orders[number.partition("-")[2]].payment
            own = number.partition("-")[0]
            yield StatementRow(1, Movement.refund, own, Money(minor), 0, own, refers=payment)

    def expiring(self, now: datetime) -> tuple[Expiring, ...]:
        return ()

    def left_minor(self, order: str) -> int:
        """Return the fen of a paid order that are neither refunded nor being refunded."""
        entry = self.orders[order]
        gone = sum(
            each.refund.amount.minor
            for each in self.refunds.values()
            if each.refund.paid.id == order and each.state is not OrderState.failed
        )
        own = sum(minor for number, minor in self.by_itself.items() if number.endswith(order))
        return entry.order.amount.minor - gone - own

    def pay(self, order: str, *, flawed: bool = False) -> Notification:
        """Pay an order; return the notification."""
        entry = self.orders[order]
        assert entry.state is not OrderState.paid
        entry.state, entry.payment, entry.flawed = OrderState.paid, self._number("P"), flawed
        return self.notification(order)

    def notification(self, order: str) -> Notification:
        entry = self.orders[order]
        return Notification(
            entry.payment,
            order,
            entry.order.amount,
            entry.payment,
            f"paid {entry.payment}",
            entry.flawed,
            at=entry.order.at,
        )

    def end_order(self, order: str, state: OrderState) -> None:
        self.orders[order].state = state

    def finish(self, refund: str) -> Notification:
        """Complete a refund; return the notification."""
        entry = self.refunds[refund]
        entry.state, entry.number = OrderState.paid, self._number("R")
        return self.refund_notification(refund)

    def refund_notification(self, refund: str) -> Notification:
        entry = self.refunds[refund]
        evidence, amount = f"refunded {entry.number}", entry.refund.amount
        movement = Movement.refund
        return Notification(entry.number, refund, amount, entry.number, evidence, movement=movement, at=entry.refund.at)

    def refuse(self, refund: str) -> None:
        self.refunds[refund].state = OrderState.failed

    def give_back(self, order: str) -> tuple[str, Money]:
        """Refund the rest without a request; return its number and the amount."""
        left = self.left_minor(order)
        number = f"{self._number('A')}-{order}"
        self.by_itself[number] = left
        return number, Money(left)

    def _fee_minor(self, entry: BankOrder) -> int:
        return entry.order.amount.minor * self.fee_basis_points // 10000

    def _number(self, kind: str) -> str:
        self._numbers += 1
        return f"{kind}{self._numbers:06d}"

    def _arrives(self) -> None:
        if self.lose_question:
            self.lose_question = False
            raise BankUnavailable("the question was lost")

    def _answers(self) -> None:
        if self.lose_answer:
            self.lose_answer = False
            raise BankUnavailable("the answer was lost")
