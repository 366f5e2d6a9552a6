"""Witness the public ledger: store each published head, and cosign one only when it continues the stored chain.

So the central server cannot rewrite its sums unnoticed: every gateway stores the earlier heads.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from beacon_gateway.sync.central_client import CentralClient
from beacon_gateway.sync.ports import HeadStore
from sync_contract.keys import key_id
from sync_contract.ledger_heads import (
    MOST_HEADS,
    MOST_REPORTED,
    NO_HEAD,
    Contradiction,
    Cosignature,
    Cosigned,
    Head,
    HeadRefusal,
    HeadRefused,
    Heads,
    SignedHead,
    check_next,
    cosign,
    read_head,
)
from sync_contract.request_signature import Signer
from sync_contract.strict_model import Environment

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LedgerWitness:
    """`publisher`: the key pinned at enrolment; `signer` is called each time, because our own key is rolled."""

    central: CentralClient
    publisher: Ed25519PublicKey
    store: HeadStore
    signer: Callable[[], Signer]
    environment: Environment
    every_s: float
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def run(self, progress: Callable[[], None]) -> None:
        """Run until cancelled. Raises CentralUnreachable, StoreUnavailable."""
        while True:
            progress()
            if not await self.pull_once():
                await asyncio.sleep(self.every_s)

    async def pull_once(self) -> bool:
        """Pull, check and report; return whether the server has more heads now."""
        community = await self.store.community()
        newest = await self.store.newest(community, self.environment)
        known = {project: _head_in(signed).step for project, signed in newest.items()}
        answer = await self.central.fetch_heads(known)
        if answer.community != community:  # the first answer, or this gateway has moved to another community
            await self.store.store_status(answer)
            return True
        await self._check(answer, dict(newest))
        await self.store.store_status(answer)
        await self._report(community)
        return len(answer.heads) == MOST_HEADS and await self._advanced(community, known)

    async def _check(self, answer: Heads, newest: dict[str, SignedHead]) -> None:
        refused_projects: set[str] = set()
        for signed in answer.heads:
            try:
                claimed = Head.model_validate_json(signed.payload)
            except ValidationError as error:
                log.error("head.refused", reason=f"not understood: {error.error_count()} faults")
                continue
            if claimed.environment is not self.environment:
                log.warning("head.other_environment", environment=claimed.environment.value)
                continue
            if claimed.project in refused_projects:
                continue  # it continues a refused head
            try:
                head = await self._check_head(signed, answer.community, newest.get(claimed.project))
            except HeadRefused as refused:
                refused_projects.add(claimed.project)
                await self._refuse(answer.community, claimed, signed.digest, refused, signed)
                continue
            if head is not None:
                await self.store.store_head(head, signed)
                newest[head.project] = signed
        for project, signed in newest.items():
            published = next((each.step for each in answer.statuses if each.project == project), 0)
            if published < (step := (head := _head_in(signed)).step):
                withdrawn = HeadRefused(Contradiction.withdrawn, f"step {step} was published before")
                await self._refuse(answer.community, head, signed.digest, withdrawn, None)

    async def _check_head(self, signed: SignedHead, community: str, last: SignedHead | None) -> Head | None:
        """Return a new head that continues the chain; None for one that is stored. Raises HeadRefused."""
        head = read_head(signed, self.publisher)
        if head.community != community:
            raise HeadRefused(Contradiction.misplaced, f"of {head.community}")
        stored = await self.store.digest(head)
        if stored == signed.digest:
            return None
        if stored is not None:
            raise HeadRefused(Contradiction.other_content, f"step {head.step} is stored with other content")
        check_next(_head_in(last) if last else None, last.digest if last else NO_HEAD, head)
        return head

    async def _refuse(
        self, community: str, head: Head, digest: str, refused: HeadRefused, signed: SignedHead | None
    ) -> None:
        refusal = HeadRefusal(
            project=head.project, step=head.step, digest=digest, contradiction=refused.contradiction, at=self.clock()
        )
        if await self.store.store_refusal(community, refusal, signed):
            log.error("head.refused", project=head.project, step=head.step, reason=str(refused))

    async def _report(self, community: str) -> None:
        """Send cosignatures and refusals; twice if the server does not accept all: our key may have been rolled."""
        while True:
            heads, digests, refusals = await self.store.unreported(community, MOST_REPORTED)
            if not heads and not refusals:
                return
            for _ in range(2):
                cosigned = self._cosign(community, heads, digests, refusals)
                taken = (await self.central.send_cosignatures(cosigned)).cosignatures
                if taken == len(heads):
                    break
            else:
                log.warning("cosignatures.not_taken", sent=len(heads), taken=taken)
            await self.store.mark_reported(community, heads, refusals)

    def _cosign(
        self, community: str, heads: Sequence[Head], digests: Sequence[str], refusals: Sequence[HeadRefusal]
    ) -> Cosigned:
        key = self.signer().key
        own = key_id(key.public_key())
        return Cosigned(
            community=community,
            cosignatures=tuple(
                Cosignature(project=head.project, step=head.step, digest=digest, key=own, signature=cosign(digest, key))
                for head, digest in zip(heads, digests, strict=True)
            ),
            refusals=tuple(refusals),
        )

    async def _advanced(self, community: str, known: dict[str, int]) -> bool:
        """Return whether any head was accepted; otherwise the next answer would be the same."""
        now = await self.store.newest(community, self.environment)
        return any(_head_in(signed).step > known.get(project, 0) for project, signed in now.items())


def _head_in(signed: SignedHead) -> Head:
    return Head.model_validate_json(signed.payload)
