"""Store payments, refunds and cancels; each change is a line of a journal."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from central_server.bank_emulator.journal import Journal
from central_server.bank_emulator.unionpay.codes import MONEY_MOVED

State = Literal["open", "pending", "done", "failed"]
PAYMENT, REFUND, CANCEL = "01", "04", "31"


@dataclass(frozen=True, slots=True)
class Transaction:
    """Times are seconds since 1970 on the bank's clock; `amount` is in fen.

    `kind`: txnType. `code`: origRespCode once it is done or failed. `token`: names the donor's page. `deadline`: the
    payTimeout. `settled_at`: when money moved. `original`: of a refund or cancel, the payment's queryId.
    `notify_at`: when the next notification is due; `tries`: how many were sent; `answered`: how many were taken.
    `completes_at`, `returns_at`: when a late e-bank payment comes in, and when the bank gives it back.
    """

    order_id: str
    kind: str
    txn_time: str
    amount: int
    query_id: str
    trace_no: str
    accepted_at: float
    biz_type: str = "000201"
    channel: str = "08"
    back_url: str = ""
    front_url: str = ""
    fail_url: str = ""
    req_reserved: str = ""
    reserved: str = ""
    description: str = ""
    token: str = ""
    deadline: float | None = None
    original: str = ""
    pay_type: str = "0001"
    state: State = "open"
    code: str = ""
    settled_at: float | None = None
    notify_at: float | None = None
    tries: int = 0
    answered: int = 0
    completes_at: float | None = None
    returns_at: float | None = None
    polls: int = 0
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def money_moved(self) -> bool:
        return self.state == "done" and self.code in MONEY_MOVED

    @property
    def has_pending_work(self) -> bool:
        return not (self.notify_at is None and self.completes_at is None and self.returns_at is None)

    def expired(self, now: float) -> bool:
        return self.state == "open" and self.deadline is not None and now > self.deadline


class TransactionBook:
    def __init__(self, file: Path) -> None:
        self._journal = Journal(file)
        self._by_order: dict[str, Transaction] = {}
        self._payments: dict[str, str] = {}
        self._pages: dict[str, str] = {}
        self._undone: dict[str, list[str]] = {}
        self._waiting: set[str] = set()
        for record in self._journal.read():
            self._index(Transaction(**record))

    def __iter__(self) -> Iterator[Transaction]:
        return iter(list(self._by_order.values()))

    def save(self, transaction: Transaction) -> None:
        """The transaction is on disk when this returns."""
        self._journal.append(asdict(transaction))
        self._index(transaction)

    def _index(self, transaction: Transaction) -> None:
        if transaction.order_id not in self._by_order:
            if transaction.kind == PAYMENT:
                self._payments[transaction.query_id] = transaction.order_id
                self._pages[transaction.token] = transaction.order_id
            else:
                self._undone.setdefault(transaction.original, []).append(transaction.order_id)
        self._by_order[transaction.order_id] = transaction
        (self._waiting.add if transaction.has_pending_work else self._waiting.discard)(transaction.order_id)

    def waiting(self) -> list[Transaction]:
        """Return transactions with pending work."""
        return [self._by_order[order] for order in self._waiting]

    def order(self, order_id: str) -> Transaction | None:
        return self._by_order.get(order_id)

    def payment(self, query_id: str) -> Transaction | None:
        return self._by_order.get(self._payments.get(query_id, ""))

    def page(self, token: str) -> Transaction | None:
        return self._by_order.get(self._pages.get(token, ""))

    def undone(self, payment: Transaction) -> list[Transaction]:
        """Return refunds and cancels of a payment that were not refused."""
        reversals = (self._by_order[order] for order in self._undone.get(payment.query_id, ()))
        return [known for known in reversals if known.state != "failed"]

    def rest(self, payment: Transaction) -> int:
        """Return the fen that may still be returned."""
        return payment.amount - sum(known.amount for known in self.undone(payment))


def new_numbers(txn_time: str) -> tuple[str, str]:
    """Return queryId (21 digits) and traceNo (6 digits)."""
    return f"{txn_time}{secrets.randbelow(10**7):07d}", f"{secrets.randbelow(10**6):06d}"
