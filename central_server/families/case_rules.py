"""Decide what may happen to a case: a pure state machine. A case is the fold of its steps.

proposed → assessed (by one) → open (by two people, one of whom has seen the household) → helped in part → closed.
An urgent case opens after one assessment by somebody who has seen the household; the second one is due in three days.
A refusal states a reason and can be appealed once; a third person decides.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from central_server.errors import CentralError

SECOND_ASSESSMENT = timedelta(days=3)
"""Time for the second assessment of an urgent case, from its opening."""


class StepKind(StrEnum):
    proposed = "proposed"
    supported = "supported"
    """An assessment: help is needed."""
    refused = "refused"
    """An assessment: no help, with a reason."""
    relative = "relative"
    """An account declares that the household belongs to its family; others decide."""
    helped = "helped"
    closed = "closed"
    appealed = "appealed"
    upheld = "upheld"
    """The appeal is upheld: the case opens."""
    rejected = "rejected"
    """The appeal is rejected: the refusal is final."""


class CaseState(StrEnum):
    proposed = "proposed"
    assessed = "assessed"
    open = "open"
    helped = "helped"
    refused = "refused"
    appealed = "appealed"
    closed = "closed"


class Ending(StrEnum):
    """Why a case was closed."""

    met = "met"
    moved = "moved"
    withdrawn = "withdrawn"


class Refusal(StrEnum):
    """Why help was refused: a closed list, so that no text about a person leaves the seal."""

    not_confirmed = "not_confirmed"
    helped_elsewhere = "helped_elsewhere"
    outside_rules = "outside_rules"
    outside_area = "outside_area"


class CaseProblem(StrEnum):
    state = "state"
    """The case is in another state."""
    same_person = "same_person"
    dependent = "dependent"
    """One person could use both accounts."""
    relative = "relative"
    """The account, or one that the same person could use, declared a relative."""
    unseen = "unseen"
    """Neither of the two has seen the household."""
    reason = "reason"


class CaseRefused(CentralError):
    def __init__(self, problem: CaseProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Step:
    """`seen`: the assessor has seen the household. `reason`: a Refusal or an Ending, else ""."""

    kind: StepKind
    by: str
    at: datetime
    seen: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """`supporters`: by account whether it has seen the household. `deciders`: none of them decides the appeal.

    `second_due`: when the second assessment of an open urgent case is due. `ended_at`: of a refused or closed case.
    """

    urgent: bool
    state: CaseState = CaseState.proposed
    supporters: tuple[tuple[str, bool], ...] = ()
    deciders: frozenset[str] = frozenset()
    relatives: frozenset[str] = frozenset()
    second_due: datetime | None = None
    ended_at: datetime | None = None
    appeal_over: bool = False

    @property
    def seen(self) -> bool:
        return any(seen for _, seen in self.supporters)


Dependent = Callable[[str, str], bool]
"""Whether one person could use both accounts."""
ASSESSABLE = (CaseState.proposed, CaseState.assessed)
HELPABLE = (CaseState.open, CaseState.helped)
_ALLOWED = {
    StepKind.relative: (*ASSESSABLE, *HELPABLE, CaseState.refused, CaseState.appealed),
    StepKind.helped: HELPABLE,
    StepKind.closed: (*ASSESSABLE, *HELPABLE, CaseState.appealed),
    StepKind.appealed: (CaseState.refused,),
    StepKind.upheld: (CaseState.appealed,),
    StepKind.rejected: (CaseState.appealed,),
}
_REASONS: dict[StepKind, type[StrEnum]] = {StepKind.refused: Refusal, StepKind.closed: Ending}


def fold(urgent: bool, steps: Iterable[Step]) -> CaseFacts:
    facts = CaseFacts(urgent)
    for step in steps:
        facts = after(facts, step)
    return facts


def find_problem(facts: CaseFacts, step: Step, dependent: Dependent) -> CaseProblem | None:
    """Return why the step is not possible, None if it is."""
    awaits_second = facts.state in HELPABLE and facts.second_due is not None
    assesses = step.kind in (StepKind.supported, StepKind.refused)
    if assesses and not (facts.state in ASSESSABLE or awaits_second):
        return CaseProblem.state
    if not assesses and facts.state not in _ALLOWED.get(step.kind, ()):
        return CaseProblem.state
    if step.kind is StepKind.appealed and facts.appeal_over:
        return CaseProblem.state
    if (reasons := _REASONS.get(step.kind)) is not None and step.reason not in list(reasons):
        return CaseProblem.reason
    if step.kind in (StepKind.relative, StepKind.appealed):
        return None
    if any(dependent(step.by, each) for each in facts.relatives):
        return CaseProblem.relative
    if step.kind is StepKind.supported:
        return _support_problem(facts, step, dependent)
    if step.kind in (StepKind.upheld, StepKind.rejected):
        return _shared(step.by, facts.deciders, dependent)
    return None


def _support_problem(facts: CaseFacts, step: Step, dependent: Dependent) -> CaseProblem | None:
    if problem := _shared(step.by, [account for account, _ in facts.supporters], dependent):
        return problem
    return CaseProblem.unseen if facts.supporters and not (facts.seen or step.seen) else None


def _shared(by: str, others: Iterable[str], dependent: Dependent) -> CaseProblem | None:
    for each in others:
        if each == by:
            return CaseProblem.same_person
        if dependent(by, each):
            return CaseProblem.dependent
    return None


def after(facts: CaseFacts, step: Step) -> CaseFacts:
    """Return the case after a step that is possible."""
    match step.kind:
        case StepKind.supported:
            supported = replace(
                facts, supporters=(*facts.supporters, (step.by, step.seen)), deciders=facts.deciders | {step.by}
            )
            return _assessed(supported, step.at)
        case StepKind.refused:
            deciders = facts.deciders | {step.by}
            return replace(facts, state=CaseState.refused, deciders=deciders, second_due=None, ended_at=step.at)
        case StepKind.relative:
            return _without_support(replace(facts, relatives=facts.relatives | {step.by}), step)
        case StepKind.helped:
            return replace(facts, state=CaseState.helped)
        case StepKind.closed:
            return replace(facts, state=CaseState.closed, second_due=None, ended_at=step.at)
        case StepKind.appealed:
            return replace(facts, state=CaseState.appealed, ended_at=None)
        case StepKind.upheld:
            return replace(facts, state=CaseState.open, appeal_over=True)
        case StepKind.rejected:
            return replace(facts, state=CaseState.closed, appeal_over=True, ended_at=step.at)
    return facts


def _assessed(facts: CaseFacts, at: datetime) -> CaseFacts:
    state = CaseState.helped if facts.state is CaseState.helped else CaseState.open
    if len(facts.supporters) >= 2:
        return replace(facts, state=state, second_due=None)
    if facts.urgent and facts.seen:
        return replace(facts, state=state, second_due=facts.second_due or at + SECOND_ASSESSMENT)
    return replace(facts, state=CaseState.assessed)


def _without_support(facts: CaseFacts, step: Step) -> CaseFacts:
    """Remove the assessment of a relative; without enough assessments the case gives no help until another one."""
    rest = tuple((account, seen) for account, seen in facts.supporters if account != step.by)
    without = replace(facts, supporters=rest)
    if rest == facts.supporters or facts.state not in (*ASSESSABLE, *HELPABLE):
        return without
    if not rest:
        return replace(without, state=CaseState.proposed, second_due=None)
    return _assessed(replace(without, second_due=None), step.at)
