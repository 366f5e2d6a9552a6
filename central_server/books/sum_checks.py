"""Sums over the rows of one project's books that must be equal, whoever works them out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from central_server.store.ledger.ledger_lines import INCOMING

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Check:
    """Two numbers of these files that must be the same."""

    what: str
    left: int
    right: int

    @property
    def holds(self) -> bool:
        return self.left == self.right


def checks(tables: Mapping[str, Rows]) -> list[Check]:
    return [*_money(tables), *_bank(tables), *_order(tables)]


def _money(tables: Mapping[str, Rows]) -> Iterable[Check]:
    kinds: dict[str, int] = {}
    for line in tables["ledger"]:
        kinds[line["kind"]] = kinds.get(line["kind"], 0) + line["amount_minor"]
    received = kinds.get("paid", 0) + kinds.get("surplus", 0)
    paid = [attempt for attempt in tables["attempts"] if attempt["paid_at"] is not None]
    lines = [line for line in tables["ledger"] if line["kind"] in ("paid", "surplus")]
    yield Check("orders that were paid = lines paid and surplus of the ledger, in number", len(paid), len(lines))
    yield Check("orders that were paid = lines paid and surplus of the ledger, in fen", _fen(paid), received)
    done = [refund for refund in tables["refunds"] if refund["state"] == "refunded"]
    yield Check("refunds that were made = lines refund of the ledger, in fen", _fen(done), kinds.get("refund", 0))
    approved = [each for each in tables["disbursements"] if each["state"] == "approved" and not each["to_project"]]
    mended = [each for each in approved if each["corrects"]]
    spent = _fen(approved) - 2 * _fen(mended)
    yield Check("approved disbursements = lines disbursed of the ledger, in fen", spent, kinds.get("disbursed", 0))
    came = received + kinds.get("moved_in", 0)
    went = sum(amount for kind, amount in kinds.items() if kind not in INCOMING)
    balance = sum(
        line["amount_minor"] if line["kind"] in INCOMING else -line["amount_minor"] for line in tables["ledger"]
    )
    yield Check("received and moved in - fees, refunds, spent and moved out = balance, in fen", came - went, balance)


def _bank(tables: Mapping[str, Rows]) -> Iterable[Check]:
    fits = [row for row in tables["statement_rows"] if row["result"] == "matched" and row["movement"] == "payment"]
    orders = {attempt["id"]: attempt for attempt in tables["attempts"]}
    ours = [orders[row["attempt"]] for row in fits if row["attempt"] in orders]
    yield Check("rows of the bank's files that fit = the orders they are of, in fen", _fen(fits), _fen(ours))
    unpaid = [order for order in ours if order["paid_at"] is None]
    yield Check("orders that stand in the bank's files and were not paid, in number", len(unpaid), 0)


def _order(tables: Mapping[str, Rows]) -> Iterable[Check]:
    purses: dict[str, set[int]] = {}
    for line in tables["ledger"]:
        purses.setdefault(line["community"], set()).add(line["n"])
    missing = sum(max(numbers) - len(numbers) for numbers in purses.values())
    yield Check("numbers that are missing between 1 and the last line of each purse", missing, 0)
    for name in ("refunds", "disbursements"):
        alone = [each for each in tables[name] if each["decided_by"] and each["decided_by"] == each["asked_by"]]
        yield Check(f"{name} that one person both asked for and decided, in number", len(alone), 0)


def _fen(rows: Rows) -> int:
    return sum(row["amount_minor"] for row in rows)
