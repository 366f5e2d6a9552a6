"""The sandbox's orders and what was given back of them, each change in a journal."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from central_server.bank_emulator.journal import Journal

State = Literal["open", "paid", "failed", "expired"]
LIFETIME_S = 30 * 60


@dataclass(frozen=True, slots=True)
class Order:
    """`opened_at` in seconds since 1970. `notified`: the merchant has answered 200."""

    id: str
    amount_minor: int
    currency: str
    subject: str
    return_url: str
    notify_url: str
    opened_at: float
    state: State = "open"
    payment: str = ""
    notified: bool = False

    def at(self, now: float) -> "Order":
        """The order as it stands at `now`: one that nobody paid in time has expired."""
        return replace(self, state="expired") if self.state == "open" and now > self.opened_at + LIFETIME_S else self


@dataclass(frozen=True, slots=True)
class Refund:
    """Done as soon as it is accepted. `order`: of which it gives back; `payment`: its own number at the bank."""

    id: str
    order: str
    amount_minor: int
    currency: str
    payment: str
    notify_url: str
    notified: bool = False


class OrderBook:
    def __init__(self, file: Path) -> None:
        self._journal = Journal(file)
        self._orders = {order.id: order for order in (Order(**record) for record in self._journal.read())}

    def get(self, order: str) -> Order | None:
        return self._orders.get(order)

    def keep(self, order: Order) -> None:
        """On disk when this returns."""
        self._journal.append(asdict(order))
        self._orders[order.id] = order

    def paid_but_not_notified(self) -> Iterator[Order]:
        return (order for order in list(self._orders.values()) if order.state == "paid" and not order.notified)


class RefundBook:
    def __init__(self, file: Path) -> None:
        self._journal = Journal(file)
        self._refunds = {refund.id: refund for refund in (Refund(**record) for record in self._journal.read())}

    def get(self, refund: str) -> Refund | None:
        return self._refunds.get(refund)

    def keep(self, refund: Refund) -> None:
        """On disk when this returns."""
        self._journal.append(asdict(refund))
        self._refunds[refund.id] = refund

    def given_back(self, order: str) -> int:
        """Of an order, in its currency's smallest unit."""
        return sum(refund.amount_minor for refund in self._refunds.values() if refund.order == order)

    def not_notified(self) -> Iterator[Refund]:
        return (refund for refund in list(self._refunds.values()) if not refund.notified)
