"""The states of a case: who may decide, and what follows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_server.families import case_rules
from central_server.families.case_rules import (
    HELPABLE,
    SECOND_ASSESSMENT,
    CaseFacts,
    CaseProblem,
    CaseState,
    Ending,
    Refusal,
    Step,
    StepKind,
)

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
PEOPLE = ("chen", "lin", "wu", "wu2", "zhao")
REASONS = ("", *Refusal, *Ending)
_STEPS = st.builds(
    Step,
    st.sampled_from([StepKind.supported] * 9 + list(StepKind)),
    st.sampled_from(PEOPLE),
    st.just(NOW),
    st.booleans(),
    st.sampled_from(REASONS),
)


def dependent(one: str, other: str) -> bool:
    """One person could use wu and wu2."""
    return one == other or {one, other} == {"wu", "wu2"}


def play(*steps: Step, urgent: bool = False) -> CaseFacts:
    """Take possible steps only."""
    facts = CaseFacts(urgent)
    for step in steps:
        problem = case_rules.find_problem(facts, step, dependent)
        assert problem is None, (step, problem)
        facts = case_rules.after(facts, step)
    return facts


def step(kind: StepKind, by: str = "chen", *, seen: bool = False, reason: str = "") -> Step:
    return Step(kind, by, NOW, seen, reason)


SEEN = step(StepKind.supported, seen=True)
SECOND = step(StepKind.supported, "lin")
REFUSED = step(StepKind.refused, reason="outside_area")
APPEALED = step(StepKind.appealed)


@pytest.mark.parametrize(
    ("before", "wrong", "problem"),
    [
        ([SEEN], SEEN, CaseProblem.same_person),
        ([step(StepKind.supported, "wu", seen=True)], step(StepKind.supported, "wu2"), CaseProblem.dependent),
        ([step(StepKind.supported)], SECOND, CaseProblem.unseen),
        ([SEEN, SECOND], step(StepKind.supported, "zhao"), CaseProblem.state),
        ([SEEN, SECOND], step(StepKind.refused, "zhao", reason="outside_area"), CaseProblem.state),
        ([SEEN], step(StepKind.helped), CaseProblem.state),
        ([], step(StepKind.refused, reason="he lives with his son"), CaseProblem.reason),
        ([], step(StepKind.closed, reason="outside_area"), CaseProblem.reason),
        ([step(StepKind.relative, "wu")], step(StepKind.supported, "wu2", seen=True), CaseProblem.relative),
        ([step(StepKind.relative)], step(StepKind.closed, reason="met"), CaseProblem.relative),
        ([SEEN, REFUSED, APPEALED], step(StepKind.upheld), CaseProblem.same_person),
        ([step(StepKind.refused, "wu", reason="outside_area"), APPEALED], step(StepKind.rejected, "wu2"),
            CaseProblem.dependent),
        ([REFUSED, APPEALED, step(StepKind.rejected, "zhao")], APPEALED, CaseProblem.state),
        ([], step(StepKind.proposed), CaseProblem.state),
    ],
)  # fmt: skip
def test_a_step_that_is_not_possible_states_why(before: list[Step], wrong: Step, problem: CaseProblem) -> None:
    assert case_rules.find_problem(play(*before), wrong, dependent) is problem


def test_two_people_open_a_case_and_an_appeal_is_decided_by_a_third() -> None:
    assert play(SEEN).state is CaseState.assessed
    assert play(SEEN, SECOND).state is CaseState.open
    assert play(SEEN, SECOND, step(StepKind.helped)).state is CaseState.helped
    assert play(SEEN, SECOND, step(StepKind.closed, reason="met")).ended_at == NOW
    refused = play(SEEN, step(StepKind.refused, "lin", reason="not_confirmed"), APPEALED)
    assert (refused.state, refused.ended_at) == (CaseState.appealed, None)
    assert case_rules.after(refused, step(StepKind.upheld, "zhao")).state is CaseState.open
    assert case_rules.after(refused, step(StepKind.rejected, "zhao")).state is CaseState.closed


def test_an_urgent_case_opens_after_one_visit_and_its_second_assessment_is_due_in_three_days() -> None:
    once = play(SEEN, urgent=True)
    assert (once.state, once.second_due) == (CaseState.open, NOW + SECOND_ASSESSMENT)
    assert timedelta(days=3) == SECOND_ASSESSMENT
    assert play(step(StepKind.supported), urgent=True).state is CaseState.assessed, "nobody has seen it"
    helped = play(SEEN, step(StepKind.helped), SECOND, urgent=True)
    assert (helped.state, helped.second_due) == (CaseState.helped, None)
    assert play(SEEN, step(StepKind.refused, "lin", reason="not_confirmed"), urgent=True).state is CaseState.refused


def test_the_assessment_of_a_relative_no_longer_counts() -> None:
    declared = step(StepKind.relative)
    assert play(SEEN, SECOND, declared).state is CaseState.assessed
    assert play(SEEN, declared).state is CaseState.proposed
    assert play(SEEN, SECOND, declared, step(StepKind.supported, "zhao", seen=True)).state is CaseState.open


@given(st.booleans(), st.lists(_STEPS, max_size=12))
def test_help_needs_two_independent_people_of_whom_one_has_seen_the_household(urgent: bool, steps: list[Step]) -> None:
    facts, overruled = CaseFacts(urgent), False
    for each in steps:
        if case_rules.find_problem(facts, each, dependent) is None:
            facts = case_rules.after(facts, each)
            overruled = overruled or each.kind is StepKind.upheld
        accounts = [account for account, _ in facts.supporters]
        assert (facts.ended_at is not None) == (facts.state in (CaseState.refused, CaseState.closed))
        assert not facts.relatives & set(accounts)
        if facts.state in HELPABLE and not overruled:
            assert facts.seen
            assert len(accounts) == 2 or (urgent and facts.second_due is not None)
            assert not any(dependent(one, other) for one in accounts for other in accounts if one != other)
