"""Decide which gift each spending of a purse used: the money that was published first is spent first.

Lines come by step, as they are published. In a step, money that comes in takes its place behind the earlier money, in
the order of the step's leaves; then corrections give money back, refunds and fees reduce their gift, and spending takes
from the front. So the proof of a gift shows its place.

- A refund or a fee takes what its gift has left. What the gift had already paid for is paid by the front of the queue
  instead, so no use is of refunded money.
- A correction gives money back to the gifts that the corrected spending used last. They keep their places.
- Money that no giver gave (moved in, a shortfall that the organisation owes) has places too.

At the end of each step: money less refunds and fees = uses + what is left, for each gift; the uses of a spending are
its amount less corrections; all that is left is the published balance.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from central_server.ledger.merkle_proofs import line_leaf
from central_server.store.ledger.ledger_lines import GIFTS, LedgerLine, LineKind
from central_server.store.ledger.money_uses import Income, Use


@dataclass(frozen=True, slots=True)
class Step:
    """The lines of a step, by what they do to the queue."""

    incomes: tuple[LedgerLine, ...]
    returned: tuple[LedgerLine, ...]
    """Corrections of spending, and fees that a bank returned; their amounts are negative."""
    reductions: tuple[LedgerLine, ...]
    outflows: tuple[LedgerLine, ...]

    @property
    def most_taken(self) -> int:
        """Return fen that it takes from the front at most."""
        return sum(abs(line.amount_minor) for line in (*self.reductions, *self.outflows))


def read_step(lines: Iterable[LedgerLine]) -> Step:
    ordered = sorted(lines, key=lambda line: line.n)

    def those(fits: Callable[[LedgerLine], bool]) -> tuple[LedgerLine, ...]:
        return tuple(line for line in ordered if fits(line))

    incomes = those(lambda line: line.kind in GIFTS or (line.signed_minor > 0 and not _gives_back(line)))
    return Step(
        incomes=tuple(sorted(incomes, key=lambda line: line_leaf(line).hash)),
        returned=those(_gives_back),
        reductions=those(lambda line: line.kind in (LineKind.refund, LineKind.fee) and line.amount_minor > 0),
        outflows=those(lambda line: line.kind not in (LineKind.refund, LineKind.fee) and line.signed_minor < 0),
    )


def _gives_back(line: LedgerLine) -> bool:
    return line.kind in (LineKind.disbursed, LineKind.fee) and line.amount_minor < 0


class SpendingOrder:
    """The queue of a purse's money. `incomes`, `uses`: what is known of earlier steps; at least the front of the queue
    for `most_taken`, and what the step's lines refer to. `next_place`: behind all earlier money.
    """

    def __init__(self, incomes: Iterable[Income] = (), uses: Iterable[Use] = (), next_place: int = 0) -> None:
        self.incomes = {each.line: each for each in incomes}
        self.next_place = next_place
        self._front = [(each.place, each.line) for each in self.incomes.values() if each.left_minor]
        heapify(self._front)
        self._net: dict[tuple[str, str], int] = {}
        self._outflows: dict[str, list[str]] = {}
        self._incomes: dict[str, list[str]] = {}
        self._new: list[Use] = []
        for use in uses:
            self._record(use)

    def add(self, step: Step) -> Sequence[Use]:
        """Return the uses of the step, in order. Raises ValueError if it takes more than there is."""
        self._new = []
        for line in step.incomes:
            self._enter(line.identity, line.amount_minor)
        for line in step.returned:
            self._give_back(line)
        for line in step.reductions:
            self._reduce(line)
        for line in step.outflows:
            self._take(line.identity, abs(line.amount_minor))
        return self._new

    def used(self, income: str) -> int:
        return sum(self._net[income, outflow] for outflow in self._outflows.get(income, ()))

    def _enter(self, line: str, minor: int) -> None:
        self.incomes[line] = Income(line, self.next_place, minor)
        heappush(self._front, (self.next_place, line))
        self.next_place += 1

    def _give_back(self, line: LedgerLine) -> None:
        rest = -line.amount_minor
        if line.kind == LineKind.disbursed:
            for income in reversed(self._incomes.get(line.refers, ())):
                rest -= self._restore(income, self._undo(income, line.refers, rest))
        elif line.refers in self.incomes and self.incomes[line.refers].left_minor + self.used(line.refers):
            rest -= self._restore(line.refers, rest)
        if rest:  # the spending is not published yet, or the gift was refunded
            self._enter(line.identity, rest)

    def _reduce(self, line: LedgerLine) -> None:
        rest = line.amount_minor
        if (income := self.incomes.get(line.refers)) is not None:
            own = min(rest, income.left_minor)
            income.left_minor -= own
            rest -= own
            for outflow in reversed(self._outflows.get(line.refers, ())):
                replaced = self._undo(line.refers, outflow, rest)
                self._take(outflow, replaced)
                rest -= replaced
        self._take(line.identity, rest)

    def _undo(self, income: str, outflow: str, most: int) -> int:
        minor = min(most, self._net[income, outflow])
        if minor:
            self._record(Use(income, outflow, -minor))
        return minor

    def _restore(self, income: str, minor: int) -> int:
        if minor:
            money = self.incomes[income]
            money.left_minor += minor
            heappush(self._front, (money.place, income))
        return minor

    def _take(self, outflow: str, minor: int) -> None:
        while minor:
            if not self._front:
                raise ValueError(f"{outflow} takes {minor} fen more than the purse has")
            income = self.incomes[self._front[0][1]]
            part = min(minor, income.left_minor)
            income.left_minor -= part
            minor -= part
            if not income.left_minor:
                heappop(self._front)
            if part:
                self._record(Use(income.line, outflow, part))

    def _record(self, use: Use) -> None:
        pair = (use.income, use.outflow)
        if pair not in self._net:
            self._net[pair] = 0
            self._outflows.setdefault(use.income, []).append(use.outflow)
            self._incomes.setdefault(use.outflow, []).append(use.income)
        self._net[pair] += use.minor
        self._new.append(use)
