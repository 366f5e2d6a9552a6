"""What holds for the purses of a community after every step of a history."""

from dataclasses import dataclass, field

from central_server.store.engine.database import Database
from central_server.store.ledger import ledger_lines, purses
from central_server.store.ledger.ledger_lines import LedgerLine


@dataclass
class PurseHistory:
    """`past`: the lines of each project at the last check."""

    past: dict[str, list[LedgerLine]] = field(default_factory=dict)

    async def check(self, database: Database) -> list[LedgerLine]:
        """Return the lines of all purses, by project."""
        async with database.read() as connection:
            rows = await purses.of_community(connection, "huada", "drill")
            found = {name: list(await ledger_lines.of_purse(connection, *_purse(name))) for name in sorted(rows)}
        assert rows.keys() >= self.past.keys(), "a purse is gone"
        for name, lines in found.items():
            before = self.past.get(name, [])
            assert lines[: len(before)] == before, "a past line changed"
            assert [line.n for line in lines] == list(range(1, len(lines) + 1)), "the ledger counts without gaps"
            balance = 0
            for line in lines:
                balance += line.signed_minor
                assert balance >= 0, "the purse went below zero"
            assert (rows[name].lines, rows[name].balance_minor) == (len(lines), balance), "purse and lines differ"
        self.past = found
        every = [line for lines in found.values() for line in lines]
        _check_refunds(every)
        return every


def _check_refunds(lines: list[LedgerLine]) -> None:
    left = {line.attempt: line.amount_minor for line in lines if line.kind in ("paid", "surplus")}
    for line in lines:
        if line.kind == "refund":
            left[line.attempt] -= line.amount_minor
            assert left[line.attempt] >= 0, "more of a gift is refunded than was paid"


def _purse(project: str) -> tuple[str, str, str]:
    return "huada", "drill", project
