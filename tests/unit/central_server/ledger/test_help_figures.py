"""Figures of help: what is published covers five households, and no difference of it covers fewer."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from central_server.ledger.help_figures import (
    FEWEST_HOUSEHOLDS,
    Group,
    HelpFigure,
    Share,
    month_text,
    select_publishable,
    split,
)
from central_server.ledger.help_kinds import helps, sentence
from sync_contract.strict_model import Language

LUNCH: Group = ("huada", "lunch", "meals")
GROUPS: tuple[Group, ...] = (LUNCH, ("huada", "lunch", "goods"), ("huada", "books", "school"))
_SHARES = st.lists(
    st.builds(
        Share,
        st.sampled_from(GROUPS),
        st.integers(1, 9).map(str),
        st.integers(24_300, 24_305),
        st.integers(-50, 900).filter(bool),
    ),
    max_size=90,
)


def month(number: int, households: int, *, first: int = 1) -> list[Share]:
    return [Share(LUNCH, str(case), number, 1000) for case in range(first, first + households)]


def test_a_figure_under_five_joins_the_next_month_and_the_current_month_waits() -> None:
    found = [*month(24_300, 4), *month(24_301, 2, first=4), *month(24_302, 6)]
    assert select_publishable(found, 24_301) == []
    once = [HelpFigure(LUNCH, 24_301, 5, 6000)]
    assert select_publishable(found, 24_302) == once, "households 4 to 5 count once"
    assert select_publishable(found, 24_303) == [*once, HelpFigure(LUNCH, 24_302, 6, 6000)]
    assert month_text(24_311) == "2025-12"


@given(_SHARES)
def test_no_figure_and_no_difference_of_figures_covers_fewer_than_five_households(found: list[Share]) -> None:
    before: list[HelpFigure] = []
    for now in range(24_300, 24_307):
        figures = select_publishable(found, now)
        assert figures[: len(before)] == before, "what is published never changes"
        before = figures
    assert all(each.households >= FEWEST_HOUSEHOLDS and each.minor > 0 for each in before)
    assert len({(each.group, each.month) for each in before}) == len(before)
    waiting: Counter[Group] = Counter()
    for share in found:
        waiting[share.group] += share.minor
    for figure in before:
        waiting[figure.group] -= figure.minor
    for group in GROUPS:
        last = max((each.month for each in before if each.group == group), default=0)
        rest = sum(share.minor for share in found if share.group == group and share.month > last)
        assert waiting[group] == rest, "published and waiting shares are all shares, to the fen"


@given(st.integers(1, 10**9), st.integers(1, 200))
def test_a_disbursement_is_shared_out_to_the_fen(minor: int, cases: int) -> None:
    parts = split(minor, cases)
    assert sum(parts) == minor
    assert max(parts) - min(parts) <= 1


def test_every_kind_has_its_words_in_each_language() -> None:
    for kind in helps():
        assert all("213" in sentence(kind, 213)[language] for language in Language)
    assert sentence("meals", 213)[Language.zh_hans] == "已有 213 户次吃上热饭"
