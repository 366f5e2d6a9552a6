"""What must be public of help and of each gift's money, read from docs/families.md and docs/transparency.md.

It shares no code with the product: money is counted in coins of one yuan, people and households in sets.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

from central_server.store.ledger.ledger_lines import LedgerLine

FEWEST = 5
COIN = 100


@dataclass
class Spending:
    """A disbursement as it happened. `confirmed`: the month by case; `corrections`: month, fen and people."""

    id: str
    project: str
    month: int
    fen: int
    people: int | None = None
    kind: str = ""
    cases: tuple[str, ...] = ()
    confirmed: dict[str, int] = field(default_factory=dict)
    corrections: list[tuple[int, int, int]] = field(default_factory=list)

    def left(self) -> int:
        return self.fen - sum(fen for _, fen, _ in self.corrections)

    def people_left(self) -> int:
        return (self.people or 0) - sum(people for _, _, people in self.corrections)


def _dealt(fen: int, cases: Sequence[str]) -> dict[str, int]:
    """Deal the fen one by one to the cases in the order of their numbers."""
    return {case: len(range(place, fen, len(cases))) for place, case in enumerate(sorted(cases))}


def figures_of(spent: Iterable[Spending], this_month: int) -> dict[tuple[str, str], list[tuple[int, int, int]]]:
    """Return month, households and fen by project and kind of help, as they may be public in this month."""
    known: dict[tuple[str, str], dict[int, list[tuple[str, int]]]] = {}
    for each in spent:
        for case, month in each.confirmed.items():
            months = known.setdefault((each.project, each.kind), {})
            months.setdefault(month, []).append((case, _dealt(each.fen, each.cases)[case]))
            for corrected_in, fen, _ in each.corrections:
                later = max(month, corrected_in)
                months.setdefault(later, []).append((case, -_dealt(fen, each.cases)[case]))
    found = {}
    for group, months in known.items():
        pile: list[tuple[str, int]] = []
        shown = []
        for month in sorted(months):
            pile += months[month]
            households = {case for case, fen in pile if fen > 0}
            if month < this_month and len(households) >= FEWEST and (total := sum(fen for _, fen in pile)) > 0:
                shown.append((month, len(households), total))
                pile = []
        if shown:
            found[group] = shown
    return found


def people_of(spent: Iterable[Spending], project: str) -> int:
    """Return how many people may be public: whole fives."""
    everybody = sum(each.people_left() for each in spent if each.project == project)
    return everybody - everybody % FEWEST


@dataclass
class Coin:
    """`owner`: the line that brought it; `by`: the line that used it, "" while it is free."""

    owner: str
    by: str = ""


class Coins:
    """The queue of a purse, coin by coin. `verifier`: docs/verify_gift.py, for the hash of a leaf."""

    def __init__(self, verifier: ModuleType) -> None:
        self._verifier = verifier
        self.row: list[Coin] = []
        self.users: dict[str, list[str]] = {}
        """By owner, which lines used its coins, in the order of their first use."""
        self.owners: dict[str, list[str]] = {}

    def publish(self, step: Iterable[LedgerLine]) -> None:
        ordered = sorted(step, key=lambda line: line.n)
        gives_back = [line for line in ordered if line.amount_minor < 0 and line.kind in ("disbursed", "fee")]
        came = [line for line in ordered if line.kind in ("paid", "transfer", "cheque", "shortfall")]
        for line in sorted(came, key=self._leaf):
            self.row += [Coin(line.identity) for _ in range(line.amount_minor // COIN)]
        for line in gives_back:
            self._give_back(line)
        for line in ordered:
            if line.kind in ("refund", "fee") and line.amount_minor > 0:
                self._reduce(line)
        for line in ordered:
            if line.kind == "disbursed" and line.amount_minor > 0:
                self._use(line.identity, line.amount_minor // COIN)

    def used(self) -> Counter[tuple[str, str]]:
        return Counter((coin.owner, coin.by) for coin in self.row if coin.by)

    def free(self, owner: str) -> int:
        return sum(coin.owner == owner and not coin.by for coin in self.row)

    def _leaf(self, line: LedgerLine) -> bytes:
        verifier = self._verifier
        sums = dict.fromkeys(verifier.FIGURES, 0)
        if line.kind == "shortfall":
            sums["shortfall"] = line.amount_minor
        else:
            sums |= {"gifts": 1, "received": line.amount_minor}
        commitment = verifier.sha("commitment", bytes.fromhex(line.secret), (line.slip or line.identity).encode())
        leaf: bytes = verifier.sha("leaf", verifier.encode_sums(sums), commitment)
        return leaf

    def _use(self, by: str, count: int) -> None:
        for coin in self.row:
            if count and not coin.by:
                coin.by = by
                count -= 1
                for index, key, value in ((self.users, coin.owner, by), (self.owners, by, coin.owner)):
                    if value not in index.setdefault(key, []):
                        index[key].append(value)
        assert not count, "more than the purse has"

    def _give_back(self, line: LedgerLine) -> None:
        count = -line.amount_minor // COIN
        assert line.kind == "disbursed"
        for owner in reversed(self.owners.get(line.refers, [])):
            for coin in self.row:
                if count and (coin.owner, coin.by) == (owner, line.refers):
                    coin.by = ""
                    count -= 1
        self.row += [Coin(line.identity) for _ in range(count)]

    def _reduce(self, line: LedgerLine) -> None:
        """Take the gift's own free coins, then those that it paid with, which the front of the queue replaces."""
        count = line.amount_minor // COIN
        for coin in [each for each in self.row if each.owner == line.refers and not each.by][:count]:
            self.row.remove(coin)
            count -= 1
        for by in reversed(list(self.users.get(line.refers, []))):
            mine = [each for each in self.row if (each.owner, each.by) == (line.refers, by)][:count]
            for coin in mine:
                self.row = [each for each in self.row if each is not coin]
            count -= len(mine)
            self._use(by, len(mine))
        self._use(line.identity, count)


def differences(observed: Sequence[Mapping[str, int]], names: Iterable[str]) -> set[int]:
    """Return what a reader of all observations can subtract: of each figure, between any two of them."""
    return {
        later.get(name, 0) - earlier.get(name, 0)
        for name in names
        for place, earlier in enumerate([{}, *observed])
        for later in [{}, *observed][place + 1 :]
    }
