"""The published ledger: signed heads that make a later change of the ledger evident; see docs/transparency.md.

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
from datetime import date
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
"""A step contains no gift or at least so many, so that the difference of two heads shows no single gift."""
MOST_HEADS = 100
"""In one answer."""
MOST_REPORTED = 25
"""Cosignatures, and refusals, in one request."""
NO_HEAD = "0" * 64
"""The digest of the head before a chain's first one."""
_HEAD, _COSIGNATURE = (f"beacon ledger {word} v1\0".encode() for word in ("head", "cosignature"))

Community = Annotated[str, Field(min_length=1, max_length=64)]
KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Signature = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{86}$")]
"""Ed25519, base64url without padding."""


class Head(Record):
    """One step. `sums`: of its own lines; `total`: of all lines up to it; `at`: lines were read up to then."""

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


class Remitted(Record):
    """Gifts by bank transfer or cheque in a chain, which no file of the bank contains; 0 where they would be few."""

    gifts: Count
    fen: Count


class ChainStatus(Record):
    """How many gateways cosigned a chain's newest head. `remitted`: None if no gift came by transfer or cheque."""

    project: ProjectId
    step: Annotated[int, Field(ge=1, lt=2**31)]
    cosigned: Count
    remitted: Remitted | None = None


class Heads(Record):
    """The answer to GET /api/v1/heads?known=<project>:<step>&…: what a gateway's community published since.

    `community`: the gateway's own, which names the chains that it follows; `statuses`: of every chain;
    `compared_until`: the ledger is compared with the bank's files up to this day, None before the first;
    `open_differences`: between both, not settled yet.
    """

    contract: Literal[1] = CONTRACT
    community: Community
    heads: Annotated[tuple[SignedHead, ...], Field(max_length=MOST_HEADS)]
    statuses: Annotated[tuple[ChainStatus, ...], Field(max_length=200)] = ()
    compared_until: date | None = None
    open_differences: Count = 0


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
    """The same step came before with other content."""
    broken_chain = "broken_chain"
    """It does not name the head before it."""
    sums_differ = "sums_differ"
    """Its total is not the previous total plus its own sums, or its time is earlier."""
    too_few_gifts = "too_few_gifts"
    """It would show single gifts."""
    withdrawn = "withdrawn"
    """It was published before and no longer is."""


class HeadRefusal(Record):
    """A gateway refuses a head and stores it as evidence."""

    project: ProjectId
    step: Annotated[int, Field(ge=1, lt=2**31)]
    digest: Digest
    contradiction: Contradiction
    at: AwareDatetime


class Cosigned(Record):
    """The body of POST /api/v1/cosignatures. The sender is known from the signature only."""

    contract: Literal[1] = CONTRACT
    community: Community
    cosignatures: Annotated[tuple[Cosignature, ...], Field(max_length=MOST_REPORTED)] = ()
    refusals: Annotated[tuple[HeadRefusal, ...], Field(max_length=MOST_REPORTED)] = ()


class CosignedTaken(Record):
    """The answer, status 200: how many of them are stored now, including those stored before."""

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
    """Return the head inside. Raises HeadRefused when it is forged."""
    try:
        publisher.verify(_bytes(signed.signature), _HEAD + signed.payload.encode())
        return Head.model_validate_json(signed.payload)
    except (InvalidSignature, Base64Error) as error:
        raise HeadRefused(Contradiction.forged, "the publisher's signature does not fit") from error
    except ValidationError as error:
        raise HeadRefused(Contradiction.forged, f"signed, but not understood: {error.error_count()} faults") from error


def check_next(last: Head | None, last_digest: str, head: Head) -> None:
    """Raise HeadRefused unless `head` follows `last` in its chain (None, NO_HEAD: `head` is the first)."""
    if last is not None and head.chain != last.chain:
        raise HeadRefused(Contradiction.misplaced, f"{head.chain} instead of {last.chain}")
    before = Sums() if last is None else last.total
    if head.step != (1 if last is None else last.step + 1) or head.previous != last_digest:
        raise HeadRefused(Contradiction.broken_chain, f"step {head.step} does not name the one before it")
    if head.total != before + head.sums or (last is not None and head.at < last.at):
        raise HeadRefused(Contradiction.sums_differ, f"step {head.step} does not add up")
    if 0 < head.sums.gifts < FEWEST_GIFTS or (head.sums.gifts == 0 < head.sums.received):
        raise HeadRefused(Contradiction.too_few_gifts, f"step {head.step} brings {head.sums.gifts} gifts")


def cosign(digest: str, key: Ed25519PrivateKey) -> str:
    return _text(key.sign(_COSIGNATURE + bytes.fromhex(digest)))


def cosigned_by(digest: str, signature: str, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(_bytes(signature), _COSIGNATURE + bytes.fromhex(digest))
    except (InvalidSignature, Base64Error):
        return False
    return True


class PublicCosignature(Record):
    """`public`: the key that the gateway had at that time."""

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

    `publisher`: the public key; `next`: the value of `after` for the next request, None at the end.
    """

    contract: Literal[1] = CONTRACT
    publisher: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    heads: tuple[PublicHead, ...]
    next: int | None


class MoneyUse(Record):
    """Fen of a gift that a step's spending used, in the order of docs/transparency.md; negative: given back."""

    step: Annotated[int, Field(ge=1, lt=2**31)]
    fen: int
    kind: Literal["spent", "moved", "fees"]


class MoneyPath(Record):
    """What became of a gift's fen, as published: its amount = refunded + fees + left + all uses."""

    refunded: Count
    fees: Count
    left: Count
    uses: tuple[MoneyUse, ...]


class Proof(Record):
    """The answer to GET /api/v1/proofs/<secret>: one line, its path to the root, and the head of that root.

    `money`: None for a line that brought no money.
    """

    contract: Literal[1] = CONTRACT
    secret: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    name: Annotated[str, Field(max_length=80)]
    sums: Sums
    path: tuple[Sibling, ...]
    publisher: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    head: PublicHead
    money: MoneyPath | None = None

    def holds(self) -> bool:
        """Return whether the path leads to the head's root and sums. Signatures are not checked."""
        above = climb(leaf(self.sums, commitment(self.secret, self.name)), self.path)
        head = Head.model_validate_json(self.head.head.payload)
        return (above.hash, above.sums) == (head.root, head.sums)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
