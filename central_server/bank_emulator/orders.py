"""Store the sandbox's orders and refunds; each change is a line of a journal."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Generic, Literal, TypeVar

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
        """Return the order as of `now`: an unpaid one expires."""
        return replace(self, state="expired") if self.state == "open" and now > self.opened_at + LIFETIME_S else self


@dataclass(frozen=True, slots=True)
class Refund:
    """Done as soon as it is accepted. `order`: the refunded one. `payment`: the refund's own number at the bank."""

    id: str
    order: str
    amount_minor: int
    currency: str
    payment: str
    notify_url: str
    notified: bool = False


_Entry = TypeVar("_Entry", Order, Refund)


class _Book(Generic[_Entry]):
    def __init__(self, file: Path, entry: type[_Entry]) -> None:
        self._journal = Journal(file)
        entries = (entry(**record) for record in self._journal.read())
        self._by_id: dict[str, _Entry] = {each.id: each for each in entries}

    def get(self, id_: str) -> _Entry | None:
        return self._by_id.get(id_)

    def save(self, entry: _Entry) -> None:
        """The entry is on disk when this returns."""
        self._journal.append(asdict(entry))
        self._by_id[entry.id] = entry

    def not_notified(self) -> Iterator[_Entry]:
        return (each for each in list(self._by_id.values()) if not each.notified)


class OrderBook(_Book[Order]):
    def __init__(self, file: Path) -> None:
        super().__init__(file, Order)

    def paid_but_not_notified(self) -> Iterator[Order]:
        return (order for order in self.not_notified() if order.state == "paid")


class RefundBook(_Book[Refund]):
    def __init__(self, file: Path) -> None:
        super().__init__(file, Refund)

    def refunded(self, order: str) -> int:
        """Return the refunded amount of an order, in its currency's smallest unit."""
        return sum(refund.amount_minor for refund in self._by_id.values() if refund.order == order)
