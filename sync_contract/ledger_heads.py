"""What was given and what became of it, published so that nobody can rewrite it unseen; docs/transparency.md.

Each (community, environment, project) has a chain. Its lines are published in steps. A step is a Merkle-sum tree over
salted leaves; its head names the tree's root, the sums, and the digest of the head before it. The publisher signs the
head, gateways that find it in order sign its digest. The holder of a slip's secret opens one leaf and follows its path.

Layouts (all numbers 8 octets, big-endian; sums in the order of `FIGURES`):

    commitment = SHA-256("beacon ledger commitment v1\\0" ‖ secret, 16 octets ‖ name, UTF-8)
    leaf       = SHA-256("beacon ledger leaf v1\\0" ‖ sums ‖ commitment)
    node       = SHA-256("beacon ledger node v1\\0" ‖ left ‖ its sums ‖ right ‖ its sums)
    digest     = SHA-256("beacon ledger head v1\\0" ‖ payload), and the publisher signs those same octets
    cosigned   = "beacon ledger cosignature v1\\0" ‖ digest

A leaf's sums name its kind: all are 0 but those that the line moves. Every sum only rises.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from enum import StrEnum
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, Field, ValidationError

from sync_contract.keys import key_id
from sync_contract.merkle_sum_tree import Digest, Sibling, Sums, climb, commitment, leaf
from sync_contract.project import ProjectId
from sync_contract.strict_model import Environment, Record, canonical
from sync_contract.uuid7 import GatewayId
from sync_contract.wire_record import Count

CONTRACT: Literal[1] = 1
FEWEST_GIFTS = 5
"""A step brings no gift, or so many: none shows by the difference of two heads."""
MOST_HEADS = 100
"""In one answer."""
MOST_TOLD = 25
"""Co-signatures, and refusals, in one request."""
NO_HEAD = "0" * 64
"""What stands for the head before a chain's first one."""
_HEAD, _COSIGNATURE = (f"beacon ledger {word} v1\0".encode() for word in ("head", "cosignature"))

Community = Annotated[str, Field(min_length=1, max_length=64)]
KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Signature = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{86}$")]
"""Ed25519, base64url without padding."""


class Head(Record):
    """One step. `sums`: of its own lines; `total`: of all up to it; `at`: up to when lines were looked at."""

    contract: Literal[1] = CONTRACT
    community: Community
    environment: Environment
    project: ProjectId
    currency: Annotated[str, Field(pattern=r"^CNY$")] = "CNY"
    step: Annotated[int, Field(ge=1, lt=2**31)]
    root: Digest
    sums: Sums
    total: Sums
    at: AwareDatetime
    previous: Digest

    @property
    def chain(self) -> tuple[str, Environment, str]:
        return self.community, self.environment, self.project


class SignedHead(Record):
    """`payload`: the canonical JSON of a Head, exactly as signed."""

    contract: Literal[1] = CONTRACT
    key: KeyId
    payload: Annotated[str, Field(max_length=4096)]
    signature: Signature

    @property
    def digest(self) -> str:
        return hashlib.sha256(_HEAD + self.payload.encode()).hexdigest()


class Standing(Record):
    """How many gateways co-signed a chain's newest head."""

    project: ProjectId
    step: Annotated[int, Field(ge=1, lt=2**31)]
    cosigned: Count


class Heads(Record):
    """The answer to GET /api/v1/heads?known=<project>:<step>&…: what a gateway's community published since.

    `community`: the gateway's own, by which it knows which chains it follows; `standing`: of every chain, as the server
    says; `reconciled_at`: when its ledger was last compared with the bank's file, None before.
    """

    contract: Literal[1] = CONTRACT
    community: Community
    heads: Annotated[tuple[SignedHead, ...], Field(max_length=MOST_HEADS)]
    standing: Annotated[tuple[Standing, ...], Field(max_length=200)] = ()
    reconciled_at: AwareDatetime | None = None


class Cosignature(Record):
    project: ProjectId
    step: Annotated[int, Field(ge=1, lt=2**31)]
    digest: Digest
    key: KeyId
    signature: Signature


class Contradiction(StrEnum):
    """What may be wrong with a head."""

    forged = "forged"
    """Not signed by the publisher, or not a head."""
    misplaced = "misplaced"
    """Of another chain."""
    other_content = "other_content"
    """The same step came before, and said something else."""
    broken_chain = "broken_chain"
    """It does not name the head before it."""
    sums_differ = "sums_differ"
    """Its total is not the one before and its own sums; or its time is earlier."""
    too_few_gifts = "too_few_gifts"
    """It would show single gifts."""
    withdrawn = "withdrawn"
    """It was published before, and is not any more."""


class HeadRefusal(Record):
    """A gateway refuses a head, and keeps it as evidence."""

    project: ProjectId
    step: Annotated[int, Field(ge=1, lt=2**31)]
    digest: Digest
    contradiction: Contradiction
    at: AwareDatetime


class Cosigned(Record):
    """The body of POST /api/v1/cosignatures. Who sends it is known from the signature alone."""

    contract: Literal[1] = CONTRACT
    community: Community
    cosignatures: Annotated[tuple[Cosignature, ...], Field(max_length=MOST_TOLD)] = ()
    refusals: Annotated[tuple[HeadRefusal, ...], Field(max_length=MOST_TOLD)] = ()


class CosignedTaken(Record):
    """The answer, status 200: how many of them are kept now, also of those that were kept before."""

    contract: Literal[1] = CONTRACT
    cosignatures: Count
    refusals: Count


class HeadRefused(ValueError):
    def __init__(self, contradiction: Contradiction, reason: str) -> None:
        super().__init__(f"{contradiction}: {reason}")
        self.contradiction = contradiction


def sign_head(head: Head, key: Ed25519PrivateKey) -> SignedHead:
    payload = canonical(head)
    signature = _text(key.sign(_HEAD + payload))
    return SignedHead(key=key_id(key.public_key()), payload=payload.decode(), signature=signature)


def read_head(signed: SignedHead, publisher: Ed25519PublicKey) -> Head:
    """The head inside. Raises HeadRefused when it is forged."""
    try:
        publisher.verify(_octets(signed.signature), _HEAD + signed.payload.encode())
        return Head.model_validate_json(signed.payload)
    except (InvalidSignature, Base64Error) as error:
        raise HeadRefused(Contradiction.forged, "the publisher's signature does not fit") from error
    except ValidationError as error:
        raise HeadRefused(Contradiction.forged, f"signed, but not understood: {error.error_count()} faults") from error


def check_next(held: Head | None, held_digest: str, head: Head) -> None:
    """Raises HeadRefused unless `head` follows `held`, its chain's last one (None, NO_HEAD: it is the first)."""
    if held is not None and head.chain != held.chain:
        raise HeadRefused(Contradiction.misplaced, f"{head.chain} instead of {held.chain}")
    before = Sums() if held is None else held.total
    if head.step != (1 if held is None else held.step + 1) or head.previous != held_digest:
        raise HeadRefused(Contradiction.broken_chain, f"step {head.step} does not name the one before it")
    if head.total != before + head.sums or (held is not None and head.at < held.at):
        raise HeadRefused(Contradiction.sums_differ, f"step {head.step} does not add up")
    if 0 < head.sums.gifts < FEWEST_GIFTS or (head.sums.gifts == 0 < head.sums.received):
        raise HeadRefused(Contradiction.too_few_gifts, f"step {head.step} brings {head.sums.gifts} gifts")


def cosign(digest: str, key: Ed25519PrivateKey) -> str:
    return _text(key.sign(_COSIGNATURE + bytes.fromhex(digest)))


def cosigned_by(digest: str, signature: str, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(_octets(signature), _COSIGNATURE + bytes.fromhex(digest))
    except (InvalidSignature, Base64Error):
        return False
    return True


class PublicCosignature(Record):
    """`public`: the gateway's key of that time."""

    gateway: GatewayId
    key: KeyId
    public: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    signature: Signature


class PublicHead(Record):
    head: SignedHead
    digest: Digest
    cosignatures: tuple[PublicCosignature, ...]


class Chain(Record):
    """The answer to GET /api/v1/transparency/<place>/<project>?after=<step>: its heads, the oldest first.

    `publisher`: the public key; `next`: what to ask for after, None at the end.
    """

    contract: Literal[1] = CONTRACT
    publisher: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    heads: tuple[PublicHead, ...]
    next: int | None


class Proof(Record):
    """The answer to GET /api/v1/proofs/<secret>: one line, its way up, and the head that stands above."""

    contract: Literal[1] = CONTRACT
    secret: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    name: Annotated[str, Field(max_length=80)]
    sums: Sums
    path: tuple[Sibling, ...]
    publisher: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    head: PublicHead

    def holds(self) -> bool:
        """Whether the path leads to the root and the sums that the head names; says nothing of signatures."""
        above = climb(leaf(self.sums, commitment(self.secret, self.name)), self.path)
        told = Head.model_validate_json(self.head.head.payload)
        return (above.hash, above.sums) == (told.root, told.sums)


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
