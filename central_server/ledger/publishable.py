"""Which lines may be published together, so that no difference of any two heads shows a single gift.

A gift is an intent: its payments, its refunds and its fees. Spending is no secret; it waits only while it would use up
more than is published. Of what belongs to gifts each figure moves by five gifts or by none:

- gifts: five payments wait. One that is being given back waits with its refund, unless that is ripe as well;
- refunds: of five gifts that were published, and only when what the gifts come to afterwards still is of five, or of
  none, in every stretch of the chain;
- fees: of five gifts that were published; what a bank gave back of fees likewise.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from central_server.store.ledger.ledger_lines import LedgerLine, LineKind
from sync_contract.ledger_heads import FEWEST_GIFTS

Gift = tuple[str, str]
_RECEIVED = frozenset((LineKind.paid, LineKind.surplus))
_FREE = frozenset((LineKind.disbursed, LineKind.moved_in, LineKind.moved_out))


def ripe(
    waiting: Sequence[LedgerLine],
    published: Callable[[str], bool],
    steps: Sequence[Sequence[LedgerLine]],
    balance: int,
) -> tuple[LedgerLine, ...]:
    """Of the lines that wait, those for the next step; none when there is nothing to publish.

    `published`: whether the line of an identity stands in an earlier step. `steps`: the lines of all earlier steps;
    they matter only where `needs_steps`. `balance`: fen, as the steps so far tell it.
    """
    of_gifts = _of_gifts([line for line in waiting if line.kind not in _FREE], published, steps)
    balance += sum(line.signed_minor for line in of_gifts)
    told = list(of_gifts)
    for line in sorted((line for line in waiting if line.kind in _FREE), key=_by_number):
        # What is spent of gifts that are not told of yet would tell of them: it waits with them.
        if line.signed_minor >= 0 or balance + line.signed_minor >= 0:
            balance += line.signed_minor
            told.append(line)
    return tuple(sorted(told, key=_by_number))


def needs_steps(waiting: Sequence[LedgerLine]) -> bool:
    """Whether something may be published that takes back what earlier steps told."""
    refunds = [line for line in waiting if line.kind == LineKind.refund]
    back = [line for line in waiting if line.kind == LineKind.fee and line.amount_minor < 0]
    return _enough(refunds) or _enough(back)


def _of_gifts(
    waiting: Sequence[LedgerLine], published: Callable[[str], bool], steps: Sequence[Sequence[LedgerLine]]
) -> list[LedgerLine]:
    """The first of the ways to choose, from much to little, that shows no single gift."""
    received = [line for line in waiting if line.kind in _RECEIVED]
    refunds = [line for line in waiting if line.kind == LineKind.refund]
    fees = [line for line in waiting if line.kind == LineKind.fee and line.amount_minor > 0]
    back = [line for line in waiting if line.kind == LineKind.fee and line.amount_minor < 0]
    given_back = {line.refers for line in refunds}
    lasting = [line for line in received if line.identity not in given_back]
    for new, returned in ((received, refunds), (lasting, refunds), (lasting, [])):
        gifts = new if _paid(new) >= FEWEST_GIFTS else []
        known = {line.identity for line in gifts}

        def told(line: LedgerLine, known: set[str] = known) -> bool:
            return line.refers in known or published(line.refers)

        refunded = [line for line in returned if told(line)]
        if returned and not _enough(refunded):
            continue
        kept = [line for line in fees if told(line)]
        returned_fees = [line for line in back if told(line)]
        for charged, given_up in ((kept, returned_fees), (kept, []), ([], [])):
            fitting = chain.from_iterable(some for some in (charged, given_up) if _enough(some))
            step = [*gifts, *refunded, *fitting]
            if hides_each_gift(step, steps):
                return step
    return []


def hides_each_gift(step: Sequence[LedgerLine], steps: Sequence[Sequence[LedgerLine]]) -> bool:
    """Whether in every stretch of the chain that ends with `step` each figure, and what figures come to together,
    belongs to no gift or to five."""
    gifts = [line for line in step if line.kind not in _FREE]
    if not any(line.kind == LineKind.refund or line.amount_minor < 0 for line in gifts):
        return True  # new gifts and fees only: what they add is never taken away again in a stretch that ends here
    stretch: dict[str, dict[Gift, int]] = {}
    for lines in (step, *reversed(steps)):
        for line in lines:
            for figure, amount in _moves(line):
                sums = stretch.setdefault(figure, {})
                sums[_gift(line)] = sums.get(_gift(line), 0) + amount
        for sums in stretch.values():
            if 0 < sum(1 for amount in sums.values() if amount) < FEWEST_GIFTS:
                return False
    return True


def _moves(line: LedgerLine) -> Iterable[tuple[str, int]]:
    """What an onlooker can add up: single figures, gifts less refunds, fees less what came back, and all of it."""
    if line.kind in _FREE:
        return
    amount = line.amount_minor
    if line.kind in _RECEIVED:
        yield from (("received", amount), ("given", amount), ("balance", amount))
    elif line.kind == LineKind.refund:
        yield from (("refunded", amount), ("given", -amount), ("balance", -amount))
    else:
        yield from (("fees" if amount > 0 else "fees_back", amount), ("kept", amount), ("balance", -amount))


def _by_number(line: LedgerLine) -> int:
    return line.n


def _gift(line: LedgerLine) -> Gift:
    return line.gateway or "", line.intent or line.identity


def _paid(lines: Iterable[LedgerLine]) -> int:
    return len({_gift(line) for line in lines if line.kind == LineKind.paid})


def _enough(lines: Iterable[LedgerLine]) -> bool:
    return len({_gift(line) for line in lines}) >= FEWEST_GIFTS
