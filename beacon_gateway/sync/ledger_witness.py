"""This gateway is a witness: it keeps what the ledger published, and co-signs a head only when it fits what it keeps.

So the central server cannot rewrite its sums unseen: what it would have to rewrite stands in every hall.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from beacon_gateway.sync.central_client import Central
from beacon_gateway.sync.ports import HeadStore
from sync_contract.keys import key_id
from sync_contract.ledger_heads import (
    MOST_HEADS,
    MOST_TOLD,
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
HEADS_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class Witness:
    """`publisher`: the key pinned at enrolment; `signer` is asked for anew, for our own key is rolled."""

    central: Central
    publisher: Ed25519PublicKey
    store: HeadStore
    signer: Callable[[], Signer]
    environment: Environment
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def run(self, *, progress: Callable[[], None], every_s: float = HEADS_EVERY_S) -> None:
        """Until cancelled; raises CentralUnreachable, StoreUnavailable."""
        while True:
            progress()
            if not await self.once():
                await asyncio.sleep(every_s)

    async def once(self) -> bool:
        """Pull, judge, and tell; whether there is more to pull at once."""
        community = await self.store.community()
        held = await self.store.newest(community, self.environment)
        known = {project: _inside(signed).step for project, signed in held.items()}
        answer = await self.central.heads(known)
        if answer.community != community:  # before the first answer, or we stand in another community now
            await self.store.note(answer)
            return True
        await self._judge(answer, dict(held))
        await self.store.note(answer)
        await self._tell(community)
        return len(answer.heads) == MOST_HEADS and await self._moved(community, known)

    async def _judge(self, answer: Heads, held: dict[str, SignedHead]) -> None:
        stopped: set[str] = set()
        for signed in answer.heads:
            try:
                told = Head.model_validate_json(signed.payload)
            except ValidationError as error:
                log.error("head.refused", reason=f"not understood: {error.error_count()} faults")
                continue
            if told.environment is not self.environment:
                log.warning("head.other_environment", environment=told.environment.value)
                continue
            if told.project in stopped:
                continue  # it stands on one that was refused
            last = held.get(told.project)
            try:
                head = read_head(signed, self.publisher)
                if head.community != answer.community:
                    raise HeadRefused(Contradiction.misplaced, f"of {head.community}")
                kept = await self.store.digest(head)
                if kept == signed.digest:
                    continue
                if kept is not None:
                    raise HeadRefused(Contradiction.other_content, f"step {head.step} came before")
                check_next(_inside(last) if last else None, last.digest if last else NO_HEAD, head)
            except HeadRefused as refused:
                stopped.add(told.project)
                await self._refuse(answer.community, told.project, told.step, signed.digest, refused, signed)
                continue
            await self.store.keep(head, signed)
            held[head.project] = signed
        for project, signed in held.items():
            standing = next((each.step for each in answer.standing if each.project == project), 0)
            if standing < (step := _inside(signed).step):
                gone = HeadRefused(Contradiction.withdrawn, f"step {step} was there before")
                await self._refuse(answer.community, project, step, signed.digest, gone, None)

    async def _refuse(
        self, community: str, project: str, step: int, digest: str, refused: HeadRefused, signed: SignedHead | None
    ) -> None:
        refusal = HeadRefusal(
            project=project, step=step, digest=digest, contradiction=refused.contradiction, at=self.clock()
        )
        if await self.store.refuse(community, refusal, signed):
            log.error("head.refused", project=project, step=step, reason=str(refused))

    async def _tell(self, community: str) -> None:
        """What the server does not take is tried once more: perhaps our key was rolled in between."""
        while True:
            heads, digests, refusals = await self.store.untold(community, MOST_TOLD)
            if not heads and not refusals:
                return
            for _ in range(2):
                said = self._said(community, heads, digests, refusals)
                taken = (await self.central.cosigned(said)).cosignatures
                if taken == len(heads):
                    break
            else:
                log.warning("cosignatures.not_taken", sent=len(heads), taken=taken)
            await self.store.mark_told(community, heads, refusals)

    def _said(
        self, community: str, heads: Sequence[Head], digests: Sequence[str], refusals: Sequence[HeadRefusal]
    ) -> Cosigned:
        """Signed when it is told, with the key of now."""
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

    async def _moved(self, community: str, known: dict[str, int]) -> bool:
        """Whether anything was accepted: else the same answer would come again at once."""
        now = await self.store.newest(community, self.environment)
        return any(_inside(signed).step > known.get(project, 0) for project, signed in now.items())


def _inside(signed: SignedHead) -> Head:
    """Of one that was accepted."""
    return Head.model_validate_json(signed.payload)
