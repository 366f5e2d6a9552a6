"""Check sums over one project's books that must be equal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from central_server.store.ledger.ledger_lines import GIFTS, INCOMING

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Check:
    """Two numbers of these files that must be equal."""

    what: str
    left: int
    right: int

    @property
    def holds(self) -> bool:
        return self.left == self.right


def run_checks(tables: Mapping[str, Rows]) -> list[Check]:
    return [*_money(tables), *_bank(tables), *_order(tables)]


def _money(tables: Mapping[str, Rows]) -> Iterable[Check]:
    kinds: dict[str, int] = {}
    for line in tables["ledger"]:
        kinds[line["kind"]] = kinds.get(line["kind"], 0) + line["amount_minor"]
    received = sum(kinds.get(kind, 0) for kind in GIFTS)
    paid = [attempt for attempt in tables["attempts"] if attempt["paid_at"] is not None]
    lines = [line for line in tables["ledger"] if line["kind"] in GIFTS]
    yield Check("paid orders = ledger lines of gifts, in number", len(paid), len(lines))
    yield Check("paid orders = ledger lines of gifts, in fen", _fen(paid), received)
    done = [refund for refund in tables["refunds"] if refund["state"] == "refunded"]
    yield Check("completed refunds = ledger lines refund, in fen", _fen(done), kinds.get("refund", 0))
    approved = [
        each
        for each in tables["disbursements"]
        if each["state"] == "approved" and not (each["to_project"] or each["covers"])
    ]
    corrections = [each for each in approved if each["corrects"]]
    spent = _fen(approved) - 2 * _fen(corrections)
    yield Check("approved disbursements = ledger lines disbursed, in fen", spent, kinds.get("disbursed", 0))
    incoming = received + kinds.get("moved_in", 0) + kinds.get("shortfall", 0)
    outgoing = sum(amount for kind, amount in kinds.items() if kind not in INCOMING)
    balance = sum(
        line["amount_minor"] if line["kind"] in INCOMING else -line["amount_minor"] for line in tables["ledger"]
    )
    yield Check(
        "received, moved in and shortfalls - fees, refunds, spent and moved out = balance, in fen",
        incoming - outgoing,
        balance,
    )
    yield Check("balance of the ledger lines = balance of the purses, in fen", balance, _sum(tables, "balance_minor"))
    yield Check(
        "ledger lines shortfall = owed by the organisation, in fen",
        kinds.get("shortfall", 0),
        _sum(tables, "owed_minor"),
    )


def _bank(tables: Mapping[str, Rows]) -> Iterable[Check]:
    matched = [row for row in tables["statement_rows"] if row["result"] == "matched" and row["movement"] == "payment"]
    orders = {attempt["id"]: attempt for attempt in tables["attempts"]}
    matched_orders = [orders[row["attempt"]] for row in matched if row["attempt"] in orders]
    yield Check("matched rows of the bank's files = their orders, in fen", _fen(matched), _fen(matched_orders))
    unpaid = [order for order in matched_orders if order["paid_at"] is None]
    yield Check("orders in the bank's files that were not paid, in number", len(unpaid), 0)


def _order(tables: Mapping[str, Rows]) -> Iterable[Check]:
    purses: dict[str, set[int]] = {}
    for line in tables["ledger"]:
        purses.setdefault(line["community"], set()).add(line["n"])
    missing = sum(max(numbers) - len(numbers) for numbers in purses.values())
    yield Check("missing numbers between 1 and the last line of each purse", missing, 0)
    for name in ("refunds", "disbursements"):
        self_decided = [
            each for each in tables[name] if each["decided_by"] and each["decided_by"] == each["requested_by"]
        ]
        yield Check(f"{name} requested and decided by the same person, in number", len(self_decided), 0)


def _sum(tables: Mapping[str, Rows], column: str) -> int:
    return sum(row[column] for row in tables["purses"])


def _fen(rows: Rows) -> int:
    return sum(row["amount_minor"] for row in rows)
