"""The emulator's orders. Each change is appended to a file, so that a restart forgets nothing."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

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


class OrderBook:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._orders: dict[str, Order] = {}
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                try:
                    order = Order(**json.loads(line))
                except ValueError:
                    continue  # the last line, torn by a power cut: its change was never acknowledged
                self._orders[order.id] = order

    def get(self, order: str) -> Order | None:
        return self._orders.get(order)

    def keep(self, order: Order) -> None:
        """On disk when this returns."""
        line = json.dumps(asdict(order), ensure_ascii=False)
        # A torn line before this one is closed by the newline in front.
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, f"\n{line}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._orders[order.id] = order

    def paid_but_not_notified(self) -> Iterator[Order]:
        return (order for order in list(self._orders.values()) if order.state == "paid" and not order.notified)
