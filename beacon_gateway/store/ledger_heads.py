"""The ledger's heads as this gateway accepted them, refusals of others, and what the board shows of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from beacon_gateway.model.published import BoardFacts, StoredChain
from beacon_gateway.store.database import Database
from sync_contract.ledger_heads import Contradiction, Head, HeadRefusal, Heads, SignedHead
from sync_contract.strict_model import Environment

_MOST_SHOWN = 2000
"""Steps of a chain that the months are made of."""


class HeadKeeper:
    """Port: sync.ports.HeadStore. What is kept is never rewritten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def community(self) -> str:
        rows = await self._database.rows("SELECT community FROM heads_standing")
        return str(rows[0]["community"]) if rows else ""

    async def newest(self, community: str, environment: Environment) -> Mapping[str, SignedHead]:
        rows = await self._database.rows(
            "SELECT project, signed, max(step) FROM heads WHERE community = ? AND environment = ? GROUP BY project",
            community,
            environment.value,
        )
        return {row["project"]: SignedHead.model_validate_json(row["signed"]) for row in rows}

    async def digest(self, head: Head) -> str | None:
        rows = await self._database.rows(
            "SELECT digest FROM heads WHERE community = ? AND environment = ? AND project = ? AND step = ?",
            *_key(head),
        )
        return str(rows[0]["digest"]) if rows else None

    async def keep(self, head: Head, signed: SignedHead) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                "INSERT INTO heads VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
                (*_key(head), signed.digest, signed.model_dump_json(), _now()),
            )

    async def refuse(self, community: str, refusal: HeadRefusal, signed: SignedHead | None) -> bool:
        evidence = "" if signed is None else signed.model_dump_json()
        about = (refusal.project, refusal.step, refusal.digest, refusal.contradiction.value)
        async with self._database.transaction() as connection:
            done = await connection.execute(
                "INSERT INTO head_refusals VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
                (community, *about, evidence, refusal.at.isoformat()),
            )
            return done.rowcount > 0

    async def note(self, told: Heads) -> None:
        standing = told.model_copy(update={"heads": ()}).model_dump_json()
        async with self._database.transaction() as connection:
            await connection.execute(
                "INSERT OR REPLACE INTO heads_standing VALUES (1, ?, ?, ?)", (told.community, standing, _now())
            )

    async def untold(self, community: str, limit: int) -> tuple[Sequence[Head], Sequence[str], Sequence[HeadRefusal]]:
        rows = await self._database.rows(
            "SELECT signed, digest FROM heads WHERE told = 0 AND community = ? ORDER BY step LIMIT ?", community, limit
        )
        refused = await self._database.rows(
            "SELECT * FROM head_refusals WHERE told = 0 AND community = ? ORDER BY at LIMIT ?", community, limit
        )
        heads = [_head(row["signed"]) for row in rows]
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
        return heads, [row["digest"] for row in rows], refusals

    async def mark_told(self, community: str, heads: Iterable[Head], refusals: Iterable[HeadRefusal]) -> None:
        async with self._database.transaction() as connection:
            await connection.executemany(
                "UPDATE heads SET told = 1 WHERE community = ? AND environment = ? AND project = ? AND step = ?",
                [_key(head) for head in heads],
            )
            await connection.executemany(
                "UPDATE head_refusals SET told = 1 WHERE community = ? AND project = ? AND step = ? AND digest = ?",
                [(community, each.project, each.step, each.digest) for each in refusals],
            )

    async def board(self, environment: Environment, since: datetime) -> BoardFacts | None:
        """None before anything was heard of the ledger. Raises StoreUnavailable."""
        rows = await self._database.rows("SELECT standing FROM heads_standing")
        if not rows:
            return None
        told = Heads.model_validate_json(rows[0]["standing"])
        chains: dict[str, StoredChain] = {}
        for project, signed in (await self.newest(told.community, environment)).items():
            kept = await self._database.rows(
                "SELECT signed FROM heads WHERE community = ? AND environment = ? AND project = ? ORDER BY step DESC"
                " LIMIT ?",
                told.community,
                environment.value,
                project,
                _MOST_SHOWN,
            )
            recent = [head for head in (_head(row["signed"]) for row in kept) if head.at >= since]
            last = Head.model_validate_json(signed.payload)
            chains[project] = StoredChain(last, signed.digest, tuple(reversed(recent)))
        refused = await self._database.rows("SELECT 1 FROM head_refusals WHERE community = ?", told.community)
        cosigned = {each.project: each.cosigned for each in told.standing}
        return BoardFacts(chains, cosigned, told.reconciled_at, bool(refused))


def _key(head: Head) -> tuple[str, str, str, int]:
    return head.community, head.environment.value, head.project, head.step


def _head(signed: str) -> Head:
    return Head.model_validate_json(SignedHead.model_validate_json(signed).payload)


def _now() -> str:
    return datetime.now(UTC).isoformat()
