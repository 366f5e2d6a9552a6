"""The published sum of gifts by transfer or cheque: complete groups only, and no difference that reveals a gift."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from central_server.ledger.remitted_figures import RemittedInStep, sum_remitted
from sync_contract.ledger_heads import FEWEST_GIFTS


@st.composite
def some_step(draw: st.DrawFn) -> RemittedInStep:
    gifts = draw(st.integers(FEWEST_GIFTS, 9))
    remitted = draw(st.integers(0, gifts))
    return RemittedInStep(gifts, remitted, 100 * remitted)


@given(st.lists(some_step(), max_size=9))
def test_no_combination_of_published_sums_covers_fewer_than_five_gifts(steps: list[RemittedInStep]) -> None:
    group: list[RemittedInStep] = []
    before = sum_remitted([])
    for place, step in enumerate(steps):
        group.append(step)
        after = sum_remitted(steps[: place + 1])
        assert after.fen == 100 * after.gifts >= before.fen
        if after.gifts == sum(each.remitted for each in steps[: place + 1]):
            parts = product(*((each.remitted, each.gifts - each.remitted, each.gifts) for each in group))
            assert not {sum(part) for part in parts} & set(range(1, FEWEST_GIFTS))
            group = []
        else:
            assert after == before, "an incomplete group waits"
        before = after


def test_five_steps_with_one_transfer_each_are_a_group() -> None:
    one = RemittedInStep(6, 1, 500)
    assert sum_remitted([one] * 4).gifts == 0
    assert (sum_remitted([one] * 5).gifts, sum_remitted([one] * 5).fen) == (5, 2500)
