"""What the rest of the server asks of a bank. One file a bank; each is held to what it declares by one suite."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from central_server.errors import CentralError
from sync_contract.money import Money
from sync_contract.strict_model import Environment, Language


class BankUnavailable(CentralError):
    """No usable answer: try again later. Nothing is known about the order."""


class BankRefused(CentralError):
    """The bank, or our own rules about its answer, refuse the order: trying again changes nothing."""


class NoStatement(CentralError):
    """The bank has no file of that day: nothing was settled, or not yet."""


class NotificationRefused(CentralError):
    """Not a notification of this bank as agreed. `word` is for counting, the message for the log."""

    def __init__(self, word: str, reason: str) -> None:
        super().__init__(reason)
        self.word = word


class CredentialsRefused(CentralError):
    """A key or secret is missing or wrong. The message names the file and what was expected."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a bank can do besides opening an order. Where all are False, a hand-over ends `unconfirmed`."""

    notifies: bool
    queries: bool
    refunds: bool = False
    states: bool = False
    """Whether it gives a file of each day (`statement`)."""
    reopens: bool = True
    """Whether a donor who comes back may be sent there with the same order; else each try needs a new one."""


class Movement(StrEnum):
    payment = "payment"
    refund = "refund"


@dataclass(frozen=True, slots=True)
class OrderId:
    """`id`: 32 hexadecimal digits, ours. `at`: when it was made, by our clock; some banks know an order by both.

    `movement`: whether it is the order of a payment or that of a refund.
    """

    id: str
    at: datetime
    movement: Movement = Movement.payment


@dataclass(frozen=True, slots=True)
class Order:
    """`subject`: what the donor reads at the bank, in their `language`. `phone`: opened on a phone, not on a PC.

    `project`: the id of what is given to, for a bank whose pages are one a project.
    """

    id: str
    at: datetime
    amount: Money
    subject: str
    language: Language
    return_url: str
    notify_url: str
    phone: bool = True
    project: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """The donor's browser goes there, with GET."""

    url: str


@dataclass(frozen=True, slots=True)
class Form:
    """The donor's browser posts these fields there, in this order; they are signed and must not change."""

    action: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """The donor scans it with the bank's own app."""

    text: str


Handover = Redirect | Form | Code


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
    """A bank's own word about an order, or about a refund (`paid`: the money went back).

    `evidence`: the bank's number of the payment, by which it is refunded; or what else proves the state.
    `flawed`: the bank says paid, and that something about it is not as it should be (UnionPay's A6).
    """

    order: str
    state: OrderState
    amount: Money | None
    evidence: str
    flawed: bool = False


@dataclass(frozen=True, slots=True)
class Notification:
    """A verified notification that an order was paid, or that a refund was made. `id` is unique at the bank.

    `at`: when the order was made, to the second, where the bank says so: the order of ours must be of that second.
    `content`: of its body what may be kept; nothing in it leads to a card. `evidence`: as in `OrderReport`.
    """

    id: str
    order: str
    amount: Money
    evidence: str
    content: str
    flawed: bool = False
    movement: Movement = Movement.payment
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """`id`, `at`: of the refund itself. `payment`: the evidence of the payment. `whole`: all of it, on the same day."""

    id: str
    at: datetime
    paid: OrderId
    payment: str
    amount: Money
    notify_url: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One movement of money as the bank's file has it.

    `order`: our number of the payment or refund, or whatever stands there; `refers`: a refund's payment, by the
    bank's number; `fee_minor`: what the bank kept, in the amount's currency, negative when it gave some back;
    `line`: in the file, from 1. An `amount` of zero: only a fee moved.
    """

    line: int
    movement: Movement
    order: str
    amount: Money
    fee_minor: int
    evidence: str
    refers: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A bank's file of one settlement day, its own sums checked. `content`: of the file what may be kept.

    A settlement day is not a calendar day: rows are matched by order and amount, never by date.
    """

    bank: str
    day: date
    name: str
    content: bytes
    rows: tuple[StatementRow, ...]


@dataclass(frozen=True, slots=True)
class Expiring:
    """A credential that ends soon, or has ended: the file (or what else it is called), and until when it holds."""

    file: str
    until: datetime


class Bank(Protocol):
    name: str
    environment: Environment
    capabilities: Capabilities
    form_targets: tuple[str, ...]
    """Origins to which `open` may send a browser that comes from one of our forms (for the page's CSP)."""

    async def open(self, order: Order) -> Handover:
        """How the donor goes on at the bank. The same order again gives the same answer.

        Another amount under a known order is refused: by BankRefused, or by the bank's own page.
        Raises BankUnavailable, BankRefused.
        """

    def verify(self, headers: Mapping[str, str], body: bytes) -> Notification:
        """Raises NotificationRefused; `body` is what came over the wire. Only where it notifies."""

    async def query(self, order: OrderId) -> OrderReport:
        """Raises BankUnavailable. Only where it queries; of a refund too, where it refunds."""

    async def refund(self, refund: Refund) -> None:
        """Accepted, not done: a notification or a query tells when it is. Only where it refunds.

        The same refund again is the same one. Raises BankUnavailable (it may have been accepted), BankRefused.
        """

    async def statement(self, day: date) -> Statement:
        """The file of a settlement day. Only where it states. Raises BankUnavailable, BankRefused, NoStatement."""

    def expiring(self, now: datetime) -> tuple[Expiring, ...]:
        """What staff must renew within ninety days."""
