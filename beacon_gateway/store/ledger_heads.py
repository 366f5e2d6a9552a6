"""The tables of ledger heads: accepted heads, evidence of refused ones, and the facts of the board page."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from beacon_gateway.model.published import BoardFacts, StoredChain
from beacon_gateway.store.database import Database
from beacon_gateway.store.tables import Row, Tables
from sync_contract.ledger_heads import Contradiction, Head, HeadRefusal, Heads, SignedHead
from sync_contract.strict_model import Environment

_MAX_STEPS_SHOWN = 2000
_ONE_HEAD = "WHERE community = ? AND environment = ? AND project = ? AND step = ?"


class LedgerHeads:
    """Port: sync.ports.HeadStore. A stored head is never rewritten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def community(self) -> str:
        row = await self._database.read(lambda tables: tables.first("ledger_status"))
        return str(row["community"]) if row else ""

    async def newest(self, community: str, environment: Environment) -> Mapping[str, SignedHead]:
        return await self._database.read(lambda tables: _newest(tables, community, environment))

    async def digest(self, head: Head) -> str | None:
        row = await self._database.read(lambda tables: tables.first("ledger_heads", _ONE_HEAD, *_key(head)))
        return str(row["digest"]) if row else None

    async def store_head(self, head: Head, signed: SignedHead) -> None:
        row = (*_key(head), signed.digest, signed.model_dump_json(), _now(), 0)
        await self._database.write(lambda tables: tables.put("ledger_heads", *row))

    async def store_refusal(self, community: str, refusal: HeadRefusal, signed: SignedHead | None) -> bool:
        evidence = "" if signed is None else signed.model_dump_json()
        about = (refusal.project, refusal.step, refusal.digest, refusal.contradiction.value)
        row = (community, *about, evidence, refusal.at.isoformat(), 0)
        return await self._database.write(lambda tables: tables.put("head_refusals", *row, on_conflict="IGNORE"))

    async def store_status(self, answer: Heads) -> None:
        """Write the answer without its heads, only if it has changed: it comes every 30 s."""
        status = answer.model_copy(update={"heads": ()}).model_dump_json()

        def work(tables: Tables) -> None:
            tables.put("ledger_status", 1, answer.community, status, on_conflict="REPLACE")

        stored = await self._database.read(lambda tables: tables.first("ledger_status"))
        if stored is None or (stored["community"], stored["status"]) != (answer.community, status):
            await self._database.write(work)

    async def unreported(
        self, community: str, limit: int
    ) -> tuple[Sequence[Head], Sequence[str], Sequence[HeadRefusal]]:
        def work(tables: Tables) -> tuple[list[Row], list[Row]]:
            about = "WHERE reported = 0 AND community = ? ORDER BY"
            return (
                list(tables.select("ledger_heads", f"{about} step LIMIT ?", community, limit)),
                list(tables.select("head_refusals", f"{about} at LIMIT ?", community, limit)),
            )

        heads, refused = await self._database.read(work)
        refusals = [
            HeadRefusal(
                project=row["project"],
                step=row["step"],
                digest=row["digest"],
                contradiction=Contradiction(row["contradiction"]),
                at=datetime.fromisoformat(row["at"]),
            )
            for row in refused
        ]
        return [_head(row["signed"]) for row in heads], [row["digest"] for row in heads], refusals

    async def mark_reported(self, community: str, heads: Iterable[Head], refusals: Iterable[HeadRefusal]) -> None:
        def mark(tables: Tables, table: str, clause: str, *key: str | int) -> None:
            row = tables.first(table, clause, *key)
            if row is not None:
                tables.put(table, *(row | {"reported": 1}).values(), on_conflict="REPLACE")

        def work(tables: Tables) -> None:
            for head in heads:
                mark(tables, "ledger_heads", _ONE_HEAD, *_key(head))
            for each in refusals:
                one = "WHERE community = ? AND project = ? AND step = ? AND digest = ?"
                mark(tables, "head_refusals", one, community, each.project, each.step, each.digest)

        await self._database.write(work)

    async def board(self, environment: Environment, since: datetime) -> BoardFacts | None:
        """Return the facts of the board page; None before the first answer. Raises StoreUnavailable."""

        def work(tables: Tables) -> BoardFacts | None:
            status = tables.first("ledger_status")
            if status is None:
                return None
            answer = Heads.model_validate_json(status["status"])
            chains = {
                project: _chain(tables, signed, since)
                for project, signed in _newest(tables, answer.community, environment).items()
            }
            refused = tables.first("head_refusals", "WHERE community = ?", answer.community)
            statuses = {each.project: each for each in answer.statuses}
            return BoardFacts(chains, statuses, answer.compared_until, answer.open_differences, refused is not None)

        return await self._database.read(work)


def _newest(tables: Tables, community: str, environment: Environment) -> dict[str, SignedHead]:
    """Return the last intact head of each chain, by project."""
    rows = tables.select(
        "ledger_heads", "WHERE community = ? AND environment = ? ORDER BY project, step", community, environment.value
    )
    last = {row["project"]: row["signed"] for row in rows}
    return {project: SignedHead.model_validate_json(signed) for project, signed in last.items()}


def _chain(tables: Tables, newest: SignedHead, since: datetime) -> StoredChain:
    last = Head.model_validate_json(newest.payload)
    steps = tables.select(
        "ledger_heads",
        "WHERE community = ? AND environment = ? AND project = ? ORDER BY step DESC LIMIT ?",
        last.community,
        last.environment.value,
        last.project,
        _MAX_STEPS_SHOWN,
    )
    recent = [head for head in (_head(row["signed"]) for row in steps) if head.at >= since]
    return StoredChain(last, newest.digest, tuple(reversed(recent)))


def _key(head: Head) -> tuple[str, str, str, int]:
    return head.community, head.environment.value, head.project, head.step


def _head(signed: str) -> Head:
    return Head.model_validate_json(SignedHead.model_validate_json(signed).payload)


def _now() -> str:
    return datetime.now(UTC).isoformat()
