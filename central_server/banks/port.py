"""What the rest of the server asks of a bank. One file a bank; each is held to what it declares by one suite."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from central_server.errors import CentralError
from sync_contract.money import Money
from sync_contract.strict import Environment, Language


class BankUnavailable(CentralError):
    """No usable answer: try again later. Nothing is known about the order."""


class BankRefused(CentralError):
    """The bank, or our own rules about its answer, refuse the order: trying again changes nothing."""


class NotificationRefused(CentralError):
    """Not a notification of this bank as agreed. `word` is for counting, the message for the log."""

    def __init__(self, word: str, reason: str) -> None:
        super().__init__(reason)
        self.word = word


class CredentialsRefused(CentralError):
    """A key or secret is missing or wrong. The message names the file and what was expected."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a bank can do besides opening an order."""

    notifies: bool
    queries: bool


@dataclass(frozen=True, slots=True)
class Order:
    """`id`: 32 hexadecimal digits, the attempt's. `subject`: what the donor reads at the bank, in their `language`."""

    id: str
    amount: Money
    subject: str
    language: Language
    return_url: str
    notify_url: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """The donor's browser goes there, with GET."""

    url: str


class OrderState(StrEnum):
    unknown = "unknown"
    """The bank does not know the order."""
    open = "open"
    """Not paid yet; the donor still can."""
    pending = "pending"
    paid = "paid"
    failed = "failed"
    expired = "expired"


@dataclass(frozen=True, slots=True)
class OrderReport:
    """A bank's own word about an order. `evidence`: its number of the payment, or what else proves it."""

    order: str
    state: OrderState
    amount: Money | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Notification:
    """A verified notification that an order was paid. `id` is unique at the bank."""

    id: str
    order: str
    amount: Money
    evidence: str


class Bank(Protocol):
    name: str
    environment: Environment
    capabilities: Capabilities
    form_targets: tuple[str, ...]
    """Origins to which `open` may send a browser that comes from one of our forms (for the page's CSP)."""

    async def open(self, order: Order) -> Redirect:
        """Make the order known at the bank. The same order again gives the same answer; another amount is BankRefused.

        Raises BankUnavailable, BankRefused.
        """

    def verify(self, headers: Mapping[str, str], body: bytes) -> Notification:
        """Raises NotificationRefused; `body` is what came over the wire."""

    async def query(self, order: str) -> OrderReport:
        """Raises BankUnavailable."""
