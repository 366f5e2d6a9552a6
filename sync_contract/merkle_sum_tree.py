"""Sums of ledger lines, and the Merkle tree whose nodes carry them; layouts in sync_contract/ledger_heads.py."""

import hashlib
from collections.abc import Iterable
from operator import attrgetter
from typing import Annotated, Literal, Self

from pydantic import Field

from sync_contract.strict_model import Record
from sync_contract.wire_record import Count

_COMMITMENT, _LEAF, _NODE = (f"beacon ledger {word} v1\0".encode() for word in ("commitment", "leaf", "node"))
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Sums(Record):
    """Sums of ledger lines in fen; `gifts` and `people` are counts. `…_back`: later corrections.

    `received`: gifts; `fees`: charged by banks; `moved_…`: between projects, or from the organisation's own means;
    `shortfall`: what the bank took beyond the balance, which the organisation owes; `shortfall_back`: what it paid.
    """

    gifts: Count = 0
    received: Count = 0
    refunded: Count = 0
    fees: Count = 0
    fees_back: Count = 0
    spent: Count = 0
    spent_back: Count = 0
    moved_in: Count = 0
    moved_out: Count = 0
    people: Count = 0
    people_back: Count = 0
    shortfall: Count = 0
    shortfall_back: Count = 0

    @property
    def balance(self) -> int:
        """Fen that are available."""
        came = self.received + self.fees_back + self.spent_back + self.moved_in + self.shortfall
        return came - self.refunded - self.fees - self.spent - self.moved_out - self.shortfall_back

    @property
    def owed(self) -> int:
        """Fen that the organisation owes the project."""
        return self.shortfall - self.shortfall_back

    @property
    def given(self) -> int:
        """Fen that were given and not refunded."""
        return self.received - self.refunded

    @property
    def used(self) -> int:
        return self.spent - self.spent_back

    @property
    def net_fees(self) -> int:
        return self.fees - self.fees_back

    @property
    def helped(self) -> int:
        return self.people - self.people_back

    def __add__(self, other: Self) -> "Sums":
        """Add each figure. Raises ValidationError when a sum exceeds 2^53."""
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in FIGURES})

    def to_bytes(self) -> bytes:
        return b"".join(number.to_bytes(8, "big") for number in _numbers(self))


FIGURES = tuple(Sums.model_fields)
_numbers = attrgetter(*FIGURES)


class Node(Record):
    """A hash of the tree, with the sums of the lines below it."""

    hash: Digest
    sums: Sums


class Sibling(Node):
    """A node next to the path from a leaf to the root; `side`: on which side."""

    side: Literal["left", "right"]


def commitment(secret: str, name: str) -> bytes:
    """`secret`: 32 hexadecimal digits; `name`: the slip's number, or the line's identity where it has no slip."""
    return hashlib.sha256(_COMMITMENT + bytes.fromhex(secret) + name.encode()).digest()


def leaf(sums: Sums, committed: bytes) -> Node:
    return Node(hash=hashlib.sha256(_LEAF + sums.to_bytes() + committed).hexdigest(), sums=sums)


def parent(left: Node, right: Node) -> Node:
    content = b"".join(bytes.fromhex(child.hash) + child.sums.to_bytes() for child in (left, right))
    return Node(hash=hashlib.sha256(_NODE + content).hexdigest(), sums=left.sums + right.sums)


def climb(node: Node, path: Iterable[Sibling]) -> Node:
    """Return the root above a leaf."""
    for sibling in path:
        node = parent(sibling, node) if sibling.side == "left" else parent(node, sibling)
    return node
