"""Published steps reveal no single gift, omit nothing, and add up to the ledger."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central_server.ledger import merkle_proofs
from central_server.ledger.publishable import needs_steps, select_publishable
from central_server.store.ledger.ledger_lines import LedgerLine, LineKind
from sync_contract.ledger_heads import FEWEST_GIFTS
from sync_contract.merkle_sum_tree import Sums, climb
from tests.unit.central_server.ledger_history import History, gift, histories, line, of_gift

pytestmark = pytest.mark.thorough

Steps = list[tuple[LedgerLine, ...]]


def published(history: History) -> tuple[Steps, list[LedgerLine]]:
    """Return the steps, and the lines that are unpublished at the end."""
    steps: Steps = []
    waiting: list[LedgerLine] = []
    for event in history.events:
        if event is not None:
            waiting.append(event)
            continue
        while step := select_publishable(
            waiting, _published_identities(steps).__contains__, steps if needs_steps(waiting) else [], _total(steps)
        ):
            steps.append(step)
            waiting = [each for each in waiting if each not in step]
    return steps, waiting


def _published_identities(steps: Steps) -> set[str]:
    return {each.identity for step in steps for each in step}


def _total(steps: Steps) -> Sums:
    return merkle_proofs.total_sums([each for step in steps for each in step])


@settings(max_examples=150, deadline=None)
@given(histories())
def test_no_difference_of_two_heads_reveals_a_single_gift(history: History) -> None:
    """Whatever an onlooker subtracts: one figure alone, or figures that can take each other away."""
    steps, _ = published(history)
    combinations: dict[str, Callable[[Sums], int]] = {
        "received": lambda sums: sums.received,
        "refunded": lambda sums: sums.refunded,
        "fees": lambda sums: sums.fees,
        "fees back": lambda sums: sums.fees_back,
        "given": lambda sums: sums.received - sums.refunded,
        "kept by banks": lambda sums: sums.fees - sums.fees_back,
        "left": lambda sums: sums.received - sums.refunded - sums.fees + sums.fees_back,
        "gifts": lambda sums: sums.gifts,
    }
    for first in range(len(steps)):
        for last in range(first, len(steps)):
            stretch = [each for step in steps[first : last + 1] for each in step]
            for name, figure in combinations.items():
                moved: dict[str | None, int] = {}
                for each in stretch:
                    if each.intent is not None:
                        moved[each.intent] = moved.get(each.intent, 0) + figure(merkle_proofs.line_sums(each))
                shown = [intent for intent, amount in moved.items() if amount]
                assert not shown or len(shown) >= FEWEST_GIFTS, (name, first, last, shown)


@settings(max_examples=100, deadline=None)
@given(histories())
def test_published_and_unpublished_lines_are_the_ledger(history: History) -> None:
    steps, waiting = published(history)
    lines = [event for event in history.events if event is not None]
    published_lines = [each for step in steps for each in step]
    assert sorted((*published_lines, *waiting), key=lambda each: each.n) == lines, "each line once"
    whole, shown, later = (
        merkle_proofs.total_sums(lines),
        merkle_proofs.total_sums(published_lines),
        merkle_proofs.total_sums(waiting),
    )
    assert shown + later == whole
    assert whole.balance == sum(each.signed_minor for each in lines)
    for before, after in pairwise([Sums(), *(merkle_proofs.total_sums(step) for step in steps)]):
        assert all(figure >= 0 for figure in (before + after).model_dump().values())


@settings(max_examples=100, deadline=None)
@given(histories())
def test_no_line_waits_without_a_reason(history: History) -> None:
    """Spending only while it is more than what is published; gifts that nobody takes back while fewer than five."""
    steps, waiting = published(history)
    spending = [each for each in waiting if each.kind == LineKind.disbursed]
    assert all(each.amount_minor > max(0, _total(steps).balance) for each in spending)
    taken_back = {each.refers for each in waiting if each.kind == LineKind.refund}
    free = {each.intent for each in waiting if each.kind == LineKind.paid and each.identity not in taken_back}
    assert len(free) < FEWEST_GIFTS


def test_spending_is_published_while_fewer_than_five_gifts_wait() -> None:
    waiting = [*(gift(n, n, 1000) for n in range(1, 5)), line(5, LineKind.disbursed, 300)]
    assert [each.n for each in select_publishable(waiting, set[str]().__contains__, [], Sums(moved_in=300))] == [5]


def test_spending_from_unpublished_gifts_waits_with_them() -> None:
    waiting = [*(gift(n, n, 1000) for n in range(1, 5)), line(5, LineKind.disbursed, 4000)]
    assert select_publishable(waiting, set[str]().__contains__, [], Sums(moved_in=3999)) == ()
    assert len(select_publishable([*waiting, gift(6, 6, 1000)], set[str]().__contains__, [], Sums())) == 6


def test_five_payments_of_one_gift_are_one_gift() -> None:
    waiting = [gift(1, 1, 1000), *(gift(n, 1, 1000, LineKind.surplus) for n in range(2, 7))]
    assert select_publishable(waiting, set[str]().__contains__, [], Sums()) == ()


def test_a_gift_refunded_before_publication_is_not_published() -> None:
    gifts = [gift(n, n, 1000) for n in range(1, 7)]
    waiting = [*gifts, of_gift(7, gifts[2], LineKind.refund, 1000)]
    assert [each.n for each in select_publishable(waiting, set[str]().__contains__, [], Sums())] == [1, 2, 4, 5, 6]
    assert select_publishable(waiting[1:], set[str]().__contains__, [], Sums()) == (), "four others"


def test_five_refunds_that_would_leave_a_single_gift_wait() -> None:
    gifts = [gift(n, n, 1000 * n) for n in range(1, 7)]
    refunds = [of_gift(10 + n, each, LineKind.refund, each.amount_minor) for n, each in enumerate(gifts[:5])]
    published_lines = {each.identity for each in gifts}
    assert (
        select_publishable(refunds, published_lines.__contains__, [tuple(gifts)], merkle_proofs.total_sums(gifts)) == ()
    )
    last = of_gift(20, gifts[5], LineKind.refund, gifts[5].amount_minor)
    assert (
        len(
            select_publishable(
                [*refunds, last], published_lines.__contains__, [tuple(gifts)], merkle_proofs.total_sums(gifts)
            )
        )
        == 6
    ), "none is left: nothing shows"


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.data())
def test_every_leaf_climbs_to_the_root_and_its_sums(count: int, data: st.DataObject) -> None:
    lines = [gift(n, n, 100 * n) for n in range(1, count + 1)]
    leaves = merkle_proofs.ordered_leaves(lines)
    top = merkle_proofs.tree_root(leaves)
    assert top.sums == merkle_proofs.total_sums(lines)
    index = data.draw(st.integers(0, count - 1))
    way = merkle_proofs.proof_path(leaves, index)
    assert climb(leaves[index], way) == top
    assert [each.hash for each in leaves] == sorted(each.hash for each in leaves)
    other = merkle_proofs.line_leaf(gift(index + 1, index + 1, 1))
    assert climb(other, way) != top
