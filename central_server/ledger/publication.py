"""The ledger's chains are published: heads are made, signed and kept, and what stands under them is proved."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.ledger import merkle_proofs
from central_server.ledger.publishable import needs_steps, ripe
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.ledger import cosignatures, ledger_heads, ledger_lines
from central_server.store.ledger.cosignatures import Witness
from central_server.store.ledger.ledger_heads import StoredHead
from central_server.store.ledger.ledger_lines import LedgerLine, LineKind, Purse
from sync_contract.keys import public_text
from sync_contract.ledger_heads import NO_HEAD, Chain, Head, Proof, PublicCosignature, PublicHead, SignedHead, sign_head
from sync_contract.merkle_sum_tree import Sums
from sync_contract.strict_model import Environment

MOST_LINES = 2000
"""In one step; what remains comes with the next."""
MOST_PUBLIC = 200
"""Heads in one answer."""


@dataclass(frozen=True, slots=True)
class Published:
    """A chain's last head."""

    kept: StoredHead
    head: Head


class Publisher:
    """`key`: the one that signs catalogues too, so that gateways have it pinned already; the domains differ."""

    def __init__(
        self, database: Database, key: Ed25519PrivateKey, environment: Environment, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._key = key
        self._environment = environment
        self._clock = clock
        self.public = public_text(key.public_key())

    async def publish_waiting(self, after: int = 0) -> int:
        """Publish what is ripe in every purse; how many heads were made. `after`: look at newer lines only."""
        async with self._database.read() as connection:
            purses = await ledger_heads.waiting_purses(connection, self._environment.value, after)
        made = 0
        for purse in purses:
            while await self.publish(purse) is not None:
                made += 1
        return made

    async def publish(self, purse: Purse) -> StoredHead | None:
        """One step more; None when nothing is ripe."""
        return await self._database.written(lambda connection: self._publish(connection, purse))

    async def _publish(self, connection: Connection, purse: Purse) -> StoredHead | None:
        await ledger_lines.alone(connection, purse[0])
        last = await ledger_heads.newest(connection, purse)
        waiting = await ledger_heads.pending(connection, purse, last.up_to if last else 0, MOST_LINES)
        refers = [line.refers for line in waiting if line.kind in (LineKind.refund, LineKind.fee)]
        published = await ledger_heads.published_of(connection, refers)
        steps = await ledger_heads.steps(connection, purse) if needs_steps(waiting) else []
        before = None if last is None else Head.model_validate_json(last.content)
        total = Sums() if before is None else before.total
        lines = ripe(waiting, published.__contains__, steps, total.balance)
        if not lines:
            return None
        leaves = merkle_proofs.ordered(lines)
        sums = merkle_proofs.total(lines)
        now = self._clock().replace(microsecond=0)
        head = Head(
            community=purse[0],
            environment=Environment(purse[1]),
            project=purse[2],
            step=1 if last is None else last.step + 1,
            root=merkle_proofs.root(leaves).hash,
            sums=sums,
            total=total + sums,
            at=now if before is None else max(now, before.at),
            previous=NO_HEAD if last is None else last.digest,
        )
        signed = sign_head(head, self._key)
        told = {line.n for line in lines}
        kept = StoredHead(
            *purse,
            step=head.step,
            up_to=_all_told(waiting, told, last.up_to if last else 0),
            digest=signed.digest,
            content=signed.payload,
            signature=signed.signature,
            key=signed.key,
            given_minor=head.total.given,
            helped=head.total.helped,
            published_at=self._clock(),
        )
        await ledger_heads.add(connection, kept, lines)
        return kept

    async def chain(self, community: str, project: str, after: int = 0) -> Chain | None:
        """The public chain's heads above a step; None when there is none at all."""
        async with self._database.read() as connection:
            purse = (community, self._environment.value, project)
            kept = await ledger_heads.of_purse(connection, purse, after, MOST_PUBLIC + 1)
            if not kept and await ledger_heads.newest(connection, purse) is None:
                return None
            witnesses = await cosignatures.of_heads(connection, [head.seq for head in kept])
        shown = kept[:MOST_PUBLIC]
        return Chain(
            publisher=self.public,
            heads=tuple(public_head(head, witnesses.get(head.seq, [])) for head in shown),
            next=shown[-1].step if len(kept) > MOST_PUBLIC else None,
        )

    async def prove(self, secret: str) -> Proof | LedgerLine | None:
        """The proof of the line that this secret opens; the line itself while no head tells of it; None: unknown."""
        async with self._database.read() as connection:
            line = await ledger_lines.by_secret(connection, secret)
            if line is None or line.environment != self._environment.value:
                return None
            head = await ledger_heads.publishing(connection, line.identity)
            if head is None:
                return line
            beside = await ledger_heads.published(connection, head.seq)
            witnesses = (await cosignatures.of_heads(connection, [head.seq])).get(head.seq, [])
        leaves = merkle_proofs.ordered(beside)
        own = merkle_proofs.leaf_of(line)
        return Proof(
            secret=line.secret,
            name=merkle_proofs.name_of(line),
            sums=own.sums,
            path=merkle_proofs.path(leaves, leaves.index(own)),
            publisher=self.public,
            head=public_head(head, witnesses),
        )

    async def board(self, community: str) -> tuple[Published, ...]:
        """The last head of each of the community's chains, by project."""
        async with self._database.read() as connection:
            kept = await ledger_heads.of_community(connection, community, self._environment.value)
        return tuple(Published(each, Head.model_validate_json(each.content)) for each in kept)


def signed_of(kept: StoredHead) -> SignedHead:
    return SignedHead(key=kept.key, payload=kept.content, signature=kept.signature)


def public_head(kept: StoredHead, witnesses: list[Witness]) -> PublicHead:
    return PublicHead(
        head=signed_of(kept),
        digest=kept.digest,
        cosignatures=tuple(
            PublicCosignature(gateway=each.gateway, key=each.key, public=each.public, signature=each.signature)
            for each in witnesses
        ),
    )


def _all_told(waiting: tuple[LedgerLine, ...], told: set[int], before: int) -> int:
    """The greatest number up to which every line is published, as far as was looked."""
    still = [line.n for line in waiting if line.n not in told]
    return min(still) - 1 if still else max(told | {before})
