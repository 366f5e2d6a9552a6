"""The tables of ledger heads: accepted heads, evidence of refused ones, and the facts of the board page."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from beacon_gateway.model.published import BoardFacts, StoredChain
from beacon_gateway.store.database import Database
from sync_contract.ledger_heads import Contradiction, Head, HeadRefusal, Heads, SignedHead
from sync_contract.strict_model import Environment

_MAX_STEPS_SHOWN = 2000


class LedgerHeads:
    """Port: sync.ports.HeadStore. A stored head is never rewritten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def community(self) -> str:
        rows = await self._database.rows("SELECT community FROM ledger_status")
        return str(rows[0]["community"]) if rows else ""

    async def newest(self, community: str, environment: Environment) -> Mapping[str, SignedHead]:
        rows = await self._database.rows(
            "SELECT project, signed, max(step) FROM ledger_heads WHERE community = ? AND environment = ?"
            " GROUP BY project",
            community,
            environment.value,
        )
        return {row["project"]: SignedHead.model_validate_json(row["signed"]) for row in rows}

    async def digest(self, head: Head) -> str | None:
        rows = await self._database.rows(
            "SELECT digest FROM ledger_heads WHERE community = ? AND environment = ? AND project = ? AND step = ?",
            *_key(head),
        )
        return str(rows[0]["digest"]) if rows else None

    async def store_head(self, head: Head, signed: SignedHead) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                "INSERT INTO ledger_heads VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
                (*_key(head), signed.digest, signed.model_dump_json(), _now()),
            )

    async def store_refusal(self, community: str, refusal: HeadRefusal, signed: SignedHead | None) -> bool:
        evidence = "" if signed is None else signed.model_dump_json()
        about = (refusal.project, refusal.step, refusal.digest, refusal.contradiction.value)
        async with self._database.transaction() as connection:
            done = await connection.execute(
                "INSERT INTO head_refusals VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
                (community, *about, evidence, refusal.at.isoformat()),
            )
            return done.rowcount > 0

    async def store_status(self, answer: Heads) -> None:
        status = answer.model_copy(update={"heads": ()}).model_dump_json()
        async with self._database.transaction() as connection:
            await connection.execute(
                "INSERT OR REPLACE INTO ledger_status VALUES (1, ?, ?, ?)", (answer.community, status, _now())
            )

    async def unreported(
        self, community: str, limit: int
    ) -> tuple[Sequence[Head], Sequence[str], Sequence[HeadRefusal]]:
        rows = await self._database.rows(
            "SELECT signed, digest FROM ledger_heads WHERE reported = 0 AND community = ? ORDER BY step LIMIT ?",
            community,
            limit,
        )
        refused = await self._database.rows(
            "SELECT * FROM head_refusals WHERE reported = 0 AND community = ? ORDER BY at LIMIT ?", community, limit
        )
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
        return [_head(row["signed"]) for row in rows], [row["digest"] for row in rows], refusals

    async def mark_reported(self, community: str, heads: Iterable[Head], refusals: Iterable[HeadRefusal]) -> None:
        async with self._database.transaction() as connection:
            await connection.executemany(
                "UPDATE ledger_heads SET reported = 1"
                " WHERE community = ? AND environment = ? AND project = ? AND step = ?",
                [_key(head) for head in heads],
            )
            await connection.executemany(
                "UPDATE head_refusals SET reported = 1 WHERE community = ? AND project = ? AND step = ? AND digest = ?",
                [(community, each.project, each.step, each.digest) for each in refusals],
            )

    async def board(self, environment: Environment, since: datetime) -> BoardFacts | None:
        """Return the facts of the board page; None before the first answer. Raises StoreUnavailable."""
        rows = await self._database.rows("SELECT status FROM ledger_status")
        if not rows:
            return None
        answer = Heads.model_validate_json(rows[0]["status"])
        chains: dict[str, StoredChain] = {}
        for project, signed in (await self.newest(answer.community, environment)).items():
            steps = await self._database.rows(
                "SELECT signed FROM ledger_heads WHERE community = ? AND environment = ? AND project = ?"
                " ORDER BY step DESC LIMIT ?",
                answer.community,
                environment.value,
                project,
                _MAX_STEPS_SHOWN,
            )
            recent = [head for head in (_head(row["signed"]) for row in steps) if head.at >= since]
            last = Head.model_validate_json(signed.payload)
            chains[project] = StoredChain(last, signed.digest, tuple(reversed(recent)))
        refused = await self._database.rows("SELECT 1 FROM head_refusals WHERE community = ?", answer.community)
        cosigned = {each.project: each.cosigned for each in answer.statuses}
        return BoardFacts(chains, cosigned, answer.reconciled_at, bool(refused))


def _key(head: Head) -> tuple[str, str, str, int]:
    return head.community, head.environment.value, head.project, head.step


def _head(signed: str) -> Head:
    return Head.model_validate_json(SignedHead.model_validate_json(signed).payload)


def _now() -> str:
    return datetime.now(UTC).isoformat()
