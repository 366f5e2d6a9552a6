"""Select the lines that may be published together, so that no difference of two heads reveals a single gift.

A gift is an intent with its payments, refunds and fees. Spending is public; it waits only while it exceeds the
published
balance. Each figure about gifts changes by at least five gifts or by none:

- gifts: five payments wait. A gift that is being refunded waits with its refund, unless that is publishable as well;
- refunds: of five published gifts, and only if in every stretch of the chain the figures then still cover five gifts,
or
  none;
- fees: of five published gifts; fees that a bank returned likewise.

A shortfall is published together with the refund or fee that caused it. No published balance is below zero.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from central_server.store.ledger.ledger_lines import FIRST_PAYMENTS, GIFTS, LedgerLine, LineKind
from sync_contract.ledger_heads import FEWEST_GIFTS
from sync_contract.merkle_sum_tree import Sums

Gift = tuple[str, str]
_FREE = frozenset((LineKind.disbursed, LineKind.moved_in, LineKind.moved_out, LineKind.shortfall))


def select_publishable(
    waiting: Sequence[LedgerLine],
    published: Callable[[str], bool],
    steps: Sequence[Sequence[LedgerLine]],
    total: Sums,
) -> tuple[LedgerLine, ...]:
    """Return the lines of the next step, empty if nothing can be published.

    `published`: whether the line of an identity is in an earlier step. `steps`: the lines of all earlier steps; needed
    only if
    `needs_steps`. `total`: as published so far.
    """
    shortfalls = {line.refers: line for line in waiting if line.kind == LineKind.shortfall and line.amount_minor > 0}
    of_gifts = [line for line in waiting if line.kind not in _FREE]
    is_published = _select_gift_lines(of_gifts, published, steps, shortfalls, total.balance)
    balance = total.balance + sum(line.signed_minor for line in is_published)
    owed = total.owed + sum(line.amount_minor for line in is_published if line.kind == LineKind.shortfall)
    for line in sorted((line for line in waiting if line.kind in _FREE), key=_by_number):
        if line.kind == LineKind.shortfall:
            if line.amount_minor > 0 or owed + line.amount_minor < 0 or balance + line.amount_minor < 0:
                continue
            owed += line.amount_minor
        # Spending from unpublished gifts would reveal them: it waits with them.
        if line.signed_minor >= 0 or balance + line.signed_minor >= 0:
            balance += line.signed_minor
            is_published.append(line)
    return tuple(sorted(is_published, key=_by_number))


def needs_steps(waiting: Sequence[LedgerLine]) -> bool:
    """Return whether something may be published that reduces figures of earlier steps."""
    refunds = [line for line in waiting if line.kind == LineKind.refund]
    returned_fees_ = [line for line in waiting if line.kind == LineKind.fee and line.amount_minor < 0]
    return _has_enough_gifts(refunds) or _has_enough_gifts(returned_fees_)


def _select_gift_lines(
    waiting: Sequence[LedgerLine],
    published: Callable[[str], bool],
    steps: Sequence[Sequence[LedgerLine]],
    shortfalls: Mapping[str, LedgerLine],
    balance: int,
) -> list[LedgerLine]:
    """Return the first selection, from large to small, that reveals no single gift, with its shortfalls."""
    received = [line for line in waiting if line.kind in GIFTS]
    refunds = [line for line in waiting if line.kind == LineKind.refund]
    fees = [line for line in waiting if line.kind == LineKind.fee and line.amount_minor > 0]
    returned_fees_ = [line for line in waiting if line.kind == LineKind.fee and line.amount_minor < 0]
    given_back = {line.refers for line in refunds}
    lasting = [line for line in received if line.identity not in given_back]
    for new, returned in ((received, refunds), (lasting, refunds), (lasting, [])):
        gifts = new if _count_paid(new) >= FEWEST_GIFTS else []
        selected = {line.identity for line in gifts}

        def is_published(line: LedgerLine, selected: set[str] = selected) -> bool:
            return line.refers in selected or published(line.refers)

        refunded = [line for line in returned if is_published(line)]
        if returned and not _has_enough_gifts(refunded):
            continue
        charged_fees = [line for line in fees if is_published(line)]
        returned_fees = [line for line in returned_fees_ if is_published(line)]
        for charged, given_up in ((charged_fees, returned_fees), (charged_fees, []), ([], [])):
            fitting = chain.from_iterable(some for some in (charged, given_up) if _has_enough_gifts(some))
            step = [*gifts, *refunded, *fitting]
            step += [shortfalls[line.identity] for line in step if line.identity in shortfalls]
            if balance + sum(line.signed_minor for line in step) >= 0 and hides_each_gift(step, steps):
                return step
    return []


def hides_each_gift(step: Sequence[LedgerLine], steps: Sequence[Sequence[LedgerLine]]) -> bool:
    """Return whether in every stretch of the chain that ends with `step` each figure, alone or combined, covers no gift
    or at least five.
    """
    gifts = [line for line in step if line.kind not in _FREE]
    if not any(line.kind == LineKind.refund or line.amount_minor < 0 for line in gifts):
        return True  # new gifts and fees only increase figures in a stretch that ends with this step
    stretch: dict[str, dict[Gift, int]] = {}
    for lines in (step, *reversed(steps)):
        for line in lines:
            for figure, amount in _figures(line):
                sums = stretch.setdefault(figure, {})
                sums[_gift_of(line)] = sums.get(_gift_of(line), 0) + amount
        for sums in stretch.values():
            if 0 < sum(1 for amount in sums.values() if amount) < FEWEST_GIFTS:
                return False
    return True


def _figures(line: LedgerLine) -> Iterable[tuple[str, int]]:
    """Yield figures that an observer can add up: single figures, gifts less refunds, net fees, and the balance."""
    if line.kind in _FREE:
        return
    amount = line.amount_minor
    if line.kind in GIFTS:
        yield from (("received", amount), ("given", amount), ("balance", amount))
    elif line.kind == LineKind.refund:
        yield from (("refunded", amount), ("given", -amount), ("balance", -amount))
    else:
        yield from (("fees" if amount > 0 else "fees_back", amount), ("kept", amount), ("balance", -amount))


def _by_number(line: LedgerLine) -> int:
    return line.n


def _gift_of(line: LedgerLine) -> Gift:
    return line.gateway or "", line.intent or line.identity


def _count_paid(lines: Iterable[LedgerLine]) -> int:
    return len({_gift_of(line) for line in lines if line.kind in FIRST_PAYMENTS})


def _has_enough_gifts(lines: Iterable[LedgerLine]) -> bool:
    return len({_gift_of(line) for line in lines}) >= FEWEST_GIFTS
