"""The interface of every bank (`Bank`), its records and errors; tests/contracts/test_bank.py checks each
implementation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from central_server.errors import CentralError
from sync_contract.money import Money
from sync_contract.strict_model import Environment, Language


class BankUnavailable(CentralError):
    """No usable answer: try again later. The state of the order is unknown."""


class BankRefused(CentralError):
    """The bank refuses the order, or its answer breaks our rules: trying again changes nothing.

    The text is for the log. `code`: what the bank answered, "" if nothing of ours.
    """

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.code = code


class NoStatement(CentralError):
    """The bank has no file for that day: nothing was settled, or the file is not ready yet."""


class NotificationProblem(StrEnum):
    """Which check a notification failed."""

    unsupported = "unsupported"
    size = "size"
    content_type = "content_type"
    content = "content"
    certificate = "certificate"
    validity = "validity"
    chain = "chain"
    name = "name"
    signature = "signature"
    version = "version"
    merchant = "merchant"
    currency = "currency"
    kind = "kind"
    state = "state"
    order = "order"


class NotificationRefused(CentralError):
    """Not an authentic, complete notification of this bank. The message is for the log."""

    def __init__(self, problem: NotificationProblem, reason: str) -> None:
        super().__init__(reason)
        self.problem = problem


class CredentialsRefused(CentralError):
    """A key or secret is missing or wrong. The message names the file and what was expected."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a bank supports besides opening an order. If all are False, a handover ends `unconfirmed`."""

    notifies: bool
    queries: bool
    refunds: bool = False
    states: bool = False
    """Whether it provides a file of each day (`statement`)."""
    reopens: bool = True
    """Whether the same order may be opened again for a returning donor; else each try needs a new order."""
    payment_time: timedelta | None = None
    """After an order's time, the bank itself returns a payment that completes later than this; None: it never does."""


class Movement(StrEnum):
    payment = "payment"
    refund = "refund"


@dataclass(frozen=True, slots=True)
class OrderId:
    """`id`: 32 hexadecimal digits, ours. `at`: when it was made, by our clock; some banks identify an order by both.

    `movement`: whether it is the order of a payment or of a refund.
    """

    id: str
    at: datetime
    movement: Movement = Movement.payment


@dataclass(frozen=True, slots=True)
class Order:
    """`subject`: what the donor reads at the bank, in `language`. `phone`: the donor is on a phone, not on a PC.

    `project`: its id, for a bank that has a page for each project.
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
    """Send the donor's browser there with GET."""

    url: str


@dataclass(frozen=True, slots=True)
class Form:
    """Post these fields from the donor's browser, in this order; they are signed and must not change."""

    action: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Show a code for the donor to scan with the bank's app."""

    text: str


Handover = Redirect | Form | Code


class OrderState(StrEnum):
    unknown = "unknown"
    """The bank does not know the order."""
    open = "open"
    """Not paid; the donor can still pay."""
    pending = "pending"
    paid = "paid"
    failed = "failed"
    expired = "expired"


@dataclass(frozen=True, slots=True)
class OrderReport:
    """A bank's report about an order, or about a refund (`paid`: the money was returned).

    `evidence`: the bank's number of the payment, needed for a refund; or what else proves the state. `flawed`: paid,
    but with a reservation of the bank (UnionPay's A6). `paid_at`: by the bank's clock, None if it names no time.
    """

    order: str
    state: OrderState
    amount: Money | None
    evidence: str
    flawed: bool = False
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """A verified notification that an order was paid or a refund was made. `id` is unique at the bank.

    `at`: when the order was made, to the second, if the bank reports it; it must match our order. `content`: the part
    of the body that may be stored; it leads to no card. `evidence`, `paid_at`: as in `OrderReport`.
    """

    id: str
    order: str
    amount: Money
    evidence: str
    content: str
    flawed: bool = False
    movement: Movement = Movement.payment
    at: datetime | None = None
    paid_at: datetime | None = None


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
    """One movement of money in the bank's file.

    `order`: our number of the payment or refund, or what the file has instead. `refers`: the bank's number of a
    refund's
    payment. `fee_minor`: the bank's fee in the amount's currency, negative when returned. `line`: in the file, from 1.
    An
    `amount` of zero: only a fee moved.
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
    """A bank's file of one settlement day, its sums checked. `content`: the part of the file that may be stored.

    A settlement day is not a calendar day: rows are matched by order and amount, never by date.
    """

    bank: str
    day: date
    name: str
    content: bytes
    rows: tuple[StatementRow, ...]


@dataclass(frozen=True, slots=True)
class Expiring:
    """A credential that has expired or will soon. `file`: its file or other name; `until`: the end of its validity."""

    file: str
    until: datetime


class Bank(Protocol):
    name: str
    environment: Environment
    capabilities: Capabilities
    form_targets: tuple[str, ...]
    """Origins to which `open` may send a browser from one of our forms (for the page's CSP)."""

    async def open(self, order: Order) -> Handover:
        """Return how the donor continues at the bank; the same order again gives the same result.

        Another amount under a known order is refused, by BankRefused or by the bank's own page. Raises BankUnavailable,
        BankRefused.
        """

    def verify(self, headers: Mapping[str, str], body: bytes) -> Notification:
        """Verify a notification. Raises NotificationRefused. `body`: the bytes received. Only if it notifies."""

    async def query(self, order: OrderId) -> OrderReport:
        """Query an order, or a refund if it makes refunds. Only if it queries. Raises BankUnavailable."""

    async def refund(self, refund: Refund) -> None:
        """Request a refund; a notification or query reports its completion. Only if it makes refunds.

        The same refund again has no further effect. Raises BankUnavailable (it may have been accepted), BankRefused.
        """

    async def statement(self, day: date) -> Statement:
        """Fetch the file of a settlement day. Only if it states. Raises BankUnavailable, BankRefused, NoStatement."""

    def expiring(self, now: datetime) -> tuple[Expiring, ...]:
        """Return the credentials that staff must renew within ninety days."""
