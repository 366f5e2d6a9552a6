"""A bank in memory that holds the money: what was paid, what is on its way back, what went back. It loses words."""

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
class HeldOrder:
    order: Order
    state: OrderState = OrderState.open
    payment: str = ""
    flawed: bool = False


@dataclass
class HeldRefund:
    refund: Refund
    state: OrderState = OrderState.pending
    number: str = ""


@dataclass
class MoneyBank:
    """`lose_question`, `lose_answer`: the next question does not arrive, or its answer does not.

    `rest_first`: a refund that it has already is refused for what it left, not known again.
    """

    name: str = "money"
    environment: Environment = Environment.drill
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(notifies=True, queries=True, refunds=True))
    form_targets: tuple[str, ...] = ("http://bank.example",)
    orders: dict[str, HeldOrder] = field(default_factory=dict)
    refunds: dict[str, HeldRefund] = field(default_factory=dict)
    by_itself: dict[str, int] = field(default_factory=dict)
    """Fen that the bank gave back by itself, by its own number of that."""
    lose_question: bool = False
    lose_answer: bool = False
    rest_first: bool = False
    asked_to_refund: int = 0
    _numbers: int = 0
    _filed: set[str] = field(default_factory=set)

    @property
    def money_minor(self) -> int:
        """What it holds for us."""
        came = sum(held.order.amount.minor for held in self.orders.values() if held.state is OrderState.paid)
        went = sum(held.refund.amount.minor for held in self.refunds.values() if held.state is OrderState.paid)
        return came - went - sum(self.by_itself.values())

    async def open(self, order: Order) -> Redirect:
        self._arrives()
        held = self.orders.setdefault(order.id, HeldOrder(order))
        if held.order.amount != order.amount:
            raise BankRefused("another amount")
        self._answers()
        return Redirect(f"http://bank.example/{order.id}")

    def verify(self, headers: Mapping[str, str], body: bytes) -> Notification:
        raise NotificationRefused(NotificationProblem.unsupported, "notifications are handed over as they are")

    async def query(self, order: OrderId) -> OrderReport:
        self._arrives()
        if order.movement is Movement.refund:
            refund = self.refunds.get(order.id)
            if refund is None or refund.refund.at != order.at:
                report = OrderReport(order.id, OrderState.unknown, None, "")
            else:
                report = OrderReport(order.id, refund.state, refund.refund.amount, refund.number)
        else:
            held = self.orders.get(order.id)
            if held is None or held.order.at != order.at:
                report = OrderReport(order.id, OrderState.unknown, None, "")
            else:
                report = OrderReport(order.id, held.state, held.order.amount, held.payment, held.flawed)
        self._answers()
        return report

    async def refund(self, refund: Refund) -> None:
        self._arrives()
        self.asked_to_refund += 1
        held = self.orders.get(refund.paid.id)
        if held is None or held.payment != refund.payment or held.state is not OrderState.paid:
            raise BankRefused("no such payment")
        known = self.refunds.get(refund.id)
        if (known is None or self.rest_first) and refund.amount.minor > self.left_minor(refund.paid.id):
            raise BankRefused("more than was paid")
        if known is None:
            self.refunds[refund.id] = HeldRefund(refund)
        elif known.refund != refund:
            raise BankRefused("another refund under this id")
        self._answers()

    async def statement(self, day: date) -> Statement:
        """Whatever moved since the file before, in one file of that day."""
        moved = [row for row in self._movements() if row.evidence not in self._filed]
        if not moved:
            raise NoStatement("nothing moved")
        self._filed |= {row.evidence for row in moved}
        rows = tuple(replace(row, line=number) for number, row in enumerate(moved, 1))
        content = "\n".join(map(repr, rows)).encode()
        return Statement(self.name, day, f"{day}.txt", content, rows)

    def _movements(self) -> Iterator[StatementRow]:
        for order, held in self.orders.items():
            if held.state is OrderState.paid:
                yield StatementRow(1, Movement.payment, order, held.order.amount, 0, held.payment)
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
        """What of a paid order has not gone back and is not on its way."""
        held = self.orders[order]
        gone = sum(
            each.refund.amount.minor
            for each in self.refunds.values()
            if each.refund.paid.id == order and each.state is not OrderState.failed
        )
        own = sum(minor for number, minor in self.by_itself.items() if number.endswith(order))
        return held.order.amount.minor - gone - own

    def pay(self, order: str, *, flawed: bool = False) -> Notification:
        """The donor pays. What the bank then notifies."""
        held = self.orders[order]
        assert held.state is not OrderState.paid
        held.state, held.payment, held.flawed = OrderState.paid, self._number("P"), flawed
        return self.notification(order)

    def notification(self, order: str) -> Notification:
        held = self.orders[order]
        return Notification(
            held.payment, order, held.order.amount, held.payment, f"paid {held.payment}", held.flawed, at=held.order.at
        )

    def ends(self, order: str, state: OrderState) -> None:
        self.orders[order].state = state

    def finish(self, refund: str) -> Notification:
        """The money goes back. What the bank then notifies."""
        held = self.refunds[refund]
        held.state, held.number = OrderState.paid, self._number("R")
        return self.refund_notification(refund)

    def refund_notification(self, refund: str) -> Notification:
        held = self.refunds[refund]
        told, amount = f"refunded {held.number}", held.refund.amount
        movement = Movement.refund
        return Notification(held.number, refund, amount, held.number, told, movement=movement, at=held.refund.at)

    def refuse(self, refund: str) -> None:
        self.refunds[refund].state = OrderState.failed

    def give_back(self, order: str) -> tuple[str, Money]:
        """By itself, all that is left. Its number of that, and how much."""
        left = self.left_minor(order)
        number = f"{self._number('A')}-{order}"
        self.by_itself[number] = left
        return number, Money(left)

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
