"""Publish the ledger's chains: create, sign and store heads, and prove the lines under them."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.ledger import merkle_proofs, spending_queue
from central_server.ledger.publishable import needs_steps, select_publishable
from central_server.store.alerts.quarantine import RecordKey, quarantining
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.ledger import cosignatures, ledger_heads, ledger_lines, money_uses
from central_server.store.ledger.cosignatures import Witness
from central_server.store.ledger.ledger_heads import StoredHead
from central_server.store.ledger.ledger_lines import LedgerLine, LineKind
from central_server.store.ledger.money_uses import GiftPath
from central_server.store.ledger.purses import Purse
from sync_contract.keys import public_text
from sync_contract.ledger_heads import (
    NO_HEAD,
    Chain,
    Head,
    MoneyPath,
    MoneyUse,
    Proof,
    PublicCosignature,
    PublicHead,
    SignedHead,
    sign_head,
)
from sync_contract.merkle_sum_tree import Sums
from sync_contract.strict_model import Environment

MAX_LINES = 2000
"""In one step; the rest follows in the next."""
MAX_HEADS = 200
"""In one response."""
_USE_KINDS: dict[LineKind, Literal["spent", "moved", "fees"]] = {
    LineKind.disbursed: "spent",
    **dict.fromkeys((LineKind.moved_out, LineKind.shortfall), "moved"),
    **dict.fromkeys((LineKind.fee, LineKind.refund), "fees"),
}


@dataclass(frozen=True, slots=True)
class ChainState:
    """A chain's last head."""

    stored: StoredHead
    head: Head


class Publisher:
    """`key`: also signs catalogues, so gateways have it pinned already; the signature domains differ."""

    def __init__(
        self, database: Database, key: Ed25519PrivateKey, environment: Environment, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._key = key
        self._environment = environment
        self._clock = clock
        self.public = public_text(key.public_key())

    async def publish_waiting(self, after: int = 0) -> int:
        """Publish what is publishable in every purse; return the number of heads. `after`: only newer lines."""
        async with self._database.read() as connection:
            purses = await ledger_heads.waiting_purses(connection, self._environment.value, after)
        made = 0
        for purse in purses:
            record = RecordKey("publication", f"{purse[0]} {purse[2]}"[:80], purse[0])
            async with quarantining(self._database, record, self._clock()):
                while await self.publish(purse) is not None:
                    made += 1
        return made

    async def publish(self, purse: Purse) -> StoredHead | None:
        """Publish one more step; None if nothing is publishable.

        The step is made before the write, on a thread: 2,000 lines take long. It is dropped if another process has
        published one meanwhile; lines that were added meanwhile come later.
        """
        async with self._database.read() as connection:
            last = await ledger_heads.newest(connection, purse)
            pending = await ledger_heads.pending(connection, purse, last.up_to if last else 0, MAX_LINES)
            refers = [line.refers for line in pending if line.kind in (LineKind.refund, LineKind.fee)]
            published = await ledger_heads.published_of(connection, refers)
            steps = await ledger_heads.steps(connection, purse) if needs_steps(pending) else []
        made = await asyncio.to_thread(self._make_step, purse, last, pending, published, steps)
        if made is None:
            return None
        head, lines = made

        async def add(connection: Connection) -> StoredHead | None:
            await ledger_lines.lock_ledger(connection, purse[0])
            newest = await ledger_heads.newest(connection, purse)
            if (newest and newest.step) != (last and last.step):
                return None
            seq = await ledger_heads.add(connection, head, lines)
            await spending_queue.record(connection, purse, seq, lines)
            return head

        return await self._database.written(add)

    def _make_step(
        self,
        purse: Purse,
        last: StoredHead | None,
        pending: tuple[LedgerLine, ...],
        published: Collection[str],
        steps: Sequence[Sequence[LedgerLine]],
    ) -> tuple[StoredHead, tuple[LedgerLine, ...]] | None:
        """Return the next step with its lines. `last`: the previous step; the others as in `select_publishable`."""
        before = None if last is None else Head.model_validate_json(last.content)
        total = Sums() if before is None else before.total
        lines = select_publishable(pending, published.__contains__, steps, total)
        if not lines:
            return None
        leaves = merkle_proofs.ordered_leaves(lines)
        sums = merkle_proofs.total_sums(lines)
        now = self._clock().replace(microsecond=0)
        head = Head(
            community=purse[0],
            environment=Environment(purse[1]),
            project=purse[2],
            step=1 if last is None else last.step + 1,
            root=merkle_proofs.tree_root(leaves).hash,
            sums=sums,
            total=total + sums,
            at=now if before is None else max(now, before.at),
            previous=NO_HEAD if last is None else last.digest,
        )
        signed = sign_head(head, self._key)
        published_numbers = {line.n for line in lines}
        stored = StoredHead(
            *purse,
            step=head.step,
            up_to=_fully_published_up_to(pending, published_numbers, last.up_to if last else 0),
            digest=signed.digest,
            content=signed.payload,
            signature=signed.signature,
            key=signed.key,
            given_minor=head.total.given,
            helped=head.total.helped,
            published_at=self._clock(),
        )
        return stored, lines

    async def chain(self, community: str, project: str, after: int = 0) -> Chain | None:
        """Return the public chain's heads above a step, None if the chain has none."""
        async with self._database.read() as connection:
            purse = (community, self._environment.value, project)
            stored = await ledger_heads.of_purse(connection, purse, after, MAX_HEADS + 1)
            if not stored and await ledger_heads.newest(connection, purse) is None:
                return None
            witnesses = await cosignatures.of_heads(connection, [head.seq for head in stored])
        shown = stored[:MAX_HEADS]
        return Chain(
            publisher=self.public,
            heads=tuple(to_public_head(head, witnesses.get(head.seq, [])) for head in shown),
            next=shown[-1].step if len(stored) > MAX_HEADS else None,
        )

    async def prove(self, secret: str) -> Proof | LedgerLine | None:
        """Return the proof of the line with this secret, the line itself while it is unpublished, None if unknown."""
        async with self._database.read() as connection:
            line = await ledger_lines.by_secret(connection, secret)
            if line is None or line.environment != self._environment.value:
                return None
            head = await ledger_heads.publishing(connection, line.identity)
            if head is None:
                return line
            published = await ledger_heads.published(connection, head.seq)
            witnesses = (await cosignatures.of_heads(connection, [head.seq])).get(head.seq, [])
            money = await money_uses.path(connection, line.identity)
        leaves = merkle_proofs.ordered_leaves(published)
        own = merkle_proofs.line_leaf(line)
        return Proof(
            secret=line.secret,
            name=merkle_proofs.leaf_name(line),
            sums=own.sums,
            path=merkle_proofs.proof_path(leaves, leaves.index(own)),
            publisher=self.public,
            head=to_public_head(head, witnesses),
            money=None if money is None else to_money_path(money),
        )

    async def board(self, community: str) -> tuple[ChainState, ...]:
        """Return the last head of each of the community's chains, by project."""
        async with self._database.read() as connection:
            stored = await ledger_heads.of_community(connection, community, self._environment.value)
        return tuple(ChainState(each, Head.model_validate_json(each.content)) for each in stored)


def to_signed_head(stored: StoredHead) -> SignedHead:
    return SignedHead(key=stored.key, payload=stored.content, signature=stored.signature)


def to_money_path(path: GiftPath) -> MoneyPath:
    uses = (MoneyUse(step=use.step, fen=use.minor, kind=_USE_KINDS[LineKind(use.kind)]) for use in path.uses)
    return MoneyPath(refunded=path.refunded_minor, fees=path.fee_minor, left=path.left_minor, uses=tuple(uses))


def to_public_head(stored: StoredHead, witnesses: list[Witness]) -> PublicHead:
    return PublicHead(
        head=to_signed_head(stored),
        digest=stored.digest,
        cosignatures=tuple(
            PublicCosignature(gateway=each.gateway, key=each.key, public=each.public, signature=each.signature)
            for each in witnesses
        ),
    )


def _fully_published_up_to(pending: tuple[LedgerLine, ...], published_numbers: set[int], before: int) -> int:
    """Return the greatest number up to which every line is published, as far as the lines were read."""
    still = [line.n for line in pending if line.n not in published_numbers]
    return min(still) - 1 if still else max(published_numbers | {before})
