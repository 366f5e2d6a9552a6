"""A step's lines as a Merkle-sum tree, and a line's way up in it; layouts in sync_contract/ledger_heads.py."""

from collections.abc import Iterable, Sequence

from central_server.store.ledger.ledger_lines import LedgerLine, LineKind
from sync_contract.merkle_sum_tree import Node, Sibling, Sums, commitment, leaf, parent


def name_of(line: LedgerLine) -> str:
    """What the leaf commits to beside the secret: the slip's number, or the identity of a line that has no slip."""
    return line.slip or line.identity


def sums_of(line: LedgerLine) -> Sums:
    """What the line adds to the published figures."""
    amount = abs(line.amount_minor)
    back = line.amount_minor < 0
    match LineKind(line.kind):
        case LineKind.paid:
            return Sums(gifts=1, received=amount)
        case LineKind.surplus:
            return Sums(received=amount)
        case LineKind.refund:
            return Sums(refunded=amount)
        case LineKind.fee:
            return Sums(fees_back=amount) if back else Sums(fees=amount)
        case LineKind.disbursed:
            people = line.people or 0
            return Sums(spent_back=amount, people_back=people) if back else Sums(spent=amount, people=people)
        case LineKind.moved_in:
            return Sums(moved_in=amount)
        case LineKind.moved_out:
            return Sums(moved_out=amount)


def total(lines: Iterable[LedgerLine]) -> Sums:
    whole = Sums()
    for line in lines:
        whole += sums_of(line)
    return whole


def leaf_of(line: LedgerLine) -> Node:
    return leaf(sums_of(line), commitment(line.secret, name_of(line)))


def ordered(lines: Iterable[LedgerLine]) -> list[Node]:
    """Leaves by their hash, which is random to everybody else: a neighbour tells nothing of time or order."""
    return sorted((leaf_of(line) for line in lines), key=lambda node: node.hash)


def root(leaves: Sequence[Node]) -> Node:
    """Of at least one leaf. Split as RFC 6962 does: the left part is the greatest power of two below the whole."""
    if len(leaves) == 1:
        return leaves[0]
    half = _half(len(leaves))
    return parent(root(leaves[:half]), root(leaves[half:]))


def path(leaves: Sequence[Node], index: int) -> tuple[Sibling, ...]:
    """From the leaf up; the nearest first."""
    if len(leaves) == 1:
        return ()
    half = _half(len(leaves))
    if index < half:
        beside = root(leaves[half:])
        return (*path(leaves[:half], index), Sibling(side="right", hash=beside.hash, sums=beside.sums))
    beside = root(leaves[:half])
    return (*path(leaves[half:], index - half), Sibling(side="left", hash=beside.hash, sums=beside.sums))


def _half(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1
