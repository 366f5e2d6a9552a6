"""Compare the bank's transactions and our ledger, movement by movement: sums alone could hide two opposite faults."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from central_server.bank_emulator.unionpay.transactions import PAYMENT
from central_server.store.donations import refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import BY_BANK, RefundState, StoredRefund
from central_server.store.ledger import ledger_lines
from central_server.store.ledger.ledger_lines import LedgerLine
from central_server.store.places.places import TOP
from central_server.store.reconciliation import differences
from central_server.store.reconciliation.differences import Difference, DifferenceKind
from tests.fakes.money_street import PURSE, Street, payments

_LAST_OF_LOG = 4000


@dataclass(frozen=True, slots=True)
class Account:
    """Fen. `came`, `counted`: by order; `went`, `posted`: by the bank's number of the refund.

    `reported`: the bank's own refunds of payments that we also asked it to refund: a staff task, not posted.
    `unexplained`: other tasks of that kind.
    """

    lines: tuple[LedgerLine, ...]
    asked: tuple[StoredRefund, ...]
    came: dict[str, int]
    counted: Counter[str]
    went: dict[str, int]
    posted: Counter[str]
    reported: Counter[str]
    unexplained: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        return self.counted == self.came and self.posted + self.reported == self.went

    def check_nothing_too_much(self) -> None:
        """Check at any moment: nothing is counted that the bank does not have, and nothing twice."""
        assert [line.n for line in self.lines] == list(range(1, len(self.lines) + 1)), "the ledger counts without gaps"
        received = [line for line in self.lines if line.kind in ("paid", "surplus")]
        assert len(self.counted) == len(received), "a payment is counted twice"
        assert self.counted.items() <= self.came.items(), "money that is not there"
        paid = [line.intent for line in received if line.kind == "paid"]
        assert len(set(paid)) == len(paid), "an intent is paid once, the rest is surplus"
        back = [line for line in self.lines if line.kind == "refund"]
        assert len(self.posted) == len(back), "a refund is counted twice"
        assert self.posted.items() <= self.went.items(), "a refund that the bank has not made"
        assert sum(self.went.values()) <= sum(self.came.values()), "money went that never came"

    def check_all(self) -> None:
        """Check at the end: each movement at the bank has its ledger line or an explained task."""
        assert self.counted == self.came, "what came to the bank and what we count differ"
        assert not self.unexplained, "the bank gave back what nobody asked for, and no late payment"
        assert self.posted + self.reported == self.went, "what went from the bank and what we count differ"


async def account(street: Street) -> Account:
    """Read our tables in one transaction, before the bank's book, which is therefore ahead."""
    async with street.database.read() as connection:
        lines = await ledger_lines.of_purse(connection, *PURSE)
        asked = await refunds.page(connection, ["huada"], "drill", waiting=False, limit=1000)
        found = await differences.every(connection, [TOP], "drill")
    book = street.book()
    numbers = {each.order_id: each.query_id for each in book}
    tasks = [each for each in found if each.kind == DifferenceKind.refund_unknown]
    explained = [each for each in tasks if _both_did(each, asked)]
    return Account(
        lines=lines,
        asked=asked,
        came=payments(book),
        counted=_by((line.attempt or "", line.amount_minor) for line in lines if line.kind in ("paid", "surplus")),
        went={each.query_id: each.amount for each in book if each.money_moved and each.kind != PAYMENT},
        posted=_by((line.evidence, line.amount_minor) for line in lines if line.kind == "refund"),
        reported=_by((numbers[each.order_id], each.theirs_minor or 0) for each in explained),
        unexplained=tuple(each for each in tasks if each not in explained),
    )


async def story(street: Street) -> str:
    """Return all records of both sides, for the report of a failure."""
    state = await account(street)
    tried: list[Attempt] = []
    for gift in street.gifts:
        tried += await street.tried(gift)
    async with street.database.read() as connection:
        found = await differences.every(connection, [TOP], "drill")
    parts = {
        "attempts": tried,
        "refunds": state.asked,
        "ledger": state.lines,
        "differences": found,
        "the bank's book": street.book(),
        **{f"log of process {number}": [_end_of_log(street, number)] for number in (1, 2)},
    }
    return "\n".join(line for name, entries in parts.items() for line in (f"--- {name}", *map(str, entries)))


def _both_did(task: Difference, asked: tuple[StoredRefund, ...]) -> bool:
    """Return whether the bank refunded by itself and refused the refund that we asked for."""
    ours = [each for each in asked if each.attempt == task.attempt and each.requested_by != BY_BANK]
    return task.order_id not in {each.id for each in asked} and any(
        each.sent_at is not None and each.state == RefundState.refused for each in ours
    )


def _by(amounts: Iterable[tuple[str, int]]) -> Counter[str]:
    found = Counter[str]()
    for number, minor in amounts:
        found[number] += minor
    return found


def _end_of_log(street: Street, number: int) -> str:
    return street.servers[number - 1].log.read_text("utf-8")[-_LAST_OF_LOG:]
