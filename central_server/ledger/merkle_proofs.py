"""Build the Merkle-sum tree of a step's lines and one line's proof path; layouts in sync_contract/ledger_heads.py."""

from collections.abc import Iterable, Sequence

from central_server.store.ledger.ledger_lines import LedgerLine, LineKind
from sync_contract.merkle_sum_tree import Node, Sibling, Sums, commitment, leaf, parent


def leaf_name(line: LedgerLine) -> str:
    """Return what the leaf commits to with the secret: the slip number, or the identity of a line without a slip."""
    return line.slip or line.identity


def line_sums(line: LedgerLine) -> Sums:
    """Return what the line adds to the published figures."""
    amount = abs(line.amount_minor)
    back = line.amount_minor < 0
    match LineKind(line.kind):
        case LineKind.paid | LineKind.transfer | LineKind.cheque:
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
        case LineKind.shortfall:
            return Sums(shortfall_back=amount) if back else Sums(shortfall=amount)


def total_sums(lines: Iterable[LedgerLine]) -> Sums:
    sums = Sums()
    for line in lines:
        sums += line_sums(line)
    return sums


def line_leaf(line: LedgerLine) -> Node:
    return leaf(line_sums(line), commitment(line.secret, leaf_name(line)))


def ordered_leaves(lines: Iterable[LedgerLine]) -> list[Node]:
    """Order leaves by hash, which is random to others: a neighbour reveals nothing about time or order."""
    return sorted((line_leaf(line) for line in lines), key=lambda node: node.hash)


def tree_root(leaves: Sequence[Node]) -> Node:
    """Return the root of at least one leaf, split as in RFC 6962: the left part is the largest power of two below the
    count.
    """
    if len(leaves) == 1:
        return leaves[0]
    half = _half(len(leaves))
    return parent(tree_root(leaves[:half]), tree_root(leaves[half:]))


def proof_path(leaves: Sequence[Node], index: int) -> tuple[Sibling, ...]:
    """Return the siblings from the leaf up, nearest first."""
    if len(leaves) == 1:
        return ()
    half = _half(len(leaves))
    if index < half:
        sibling = tree_root(leaves[half:])
        return (*proof_path(leaves[:half], index), Sibling(side="right", hash=sibling.hash, sums=sibling.sums))
    sibling = tree_root(leaves[:half])
    return (*proof_path(leaves[half:], index - half), Sibling(side="left", hash=sibling.hash, sums=sibling.sums))


def _half(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1
