"""Which of a beacon's projects: the hour, then priority, then need, then the order in which they are listed.

Pure: what the clock says, who needs most and who is giving are told from outside, as Circumstances.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time

from sync_contract.beacon import BeaconId


@dataclass(frozen=True, slots=True)
class Hours:
    """From `since` to just before `until`, official time (Asia/Shanghai); over midnight when `until` is not later."""

    since: time
    until: time

    def hold(self, local: time) -> bool:
        if self.since < self.until:
            return self.since <= local < self.until
        return local >= self.since or local < self.until

    def __str__(self) -> str:
        return f"{self.since:%H:%M}-{self.until:%H:%M}"


@dataclass(frozen=True, slots=True)
class ProjectRule:
    """`hours` empty: always. The greater `priority` goes first."""

    priority: int = 0
    hours: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectRules:
    """`several`: the beacons that bring more than one project, in the order listed; `by_project`: what has a rule."""

    several: Mapping[BeaconId, tuple[str, ...]] = field(default_factory=dict)
    by_project: Mapping[str, ProjectRule] = field(default_factory=dict)

    def of(self, beacon: BeaconId, bound: str | None) -> tuple[str, ...]:
        """What the beacon may bring. A binding that is none of its own several projects stands alone."""
        several = self.several.get(beacon, ())
        if several and (bound is None or bound in several):
            return several
        return () if bound is None else (bound,)

    def rule(self, project: str) -> ProjectRule:
        return self.by_project.get(project, _PLAIN)


_PLAIN = ProjectRule()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """`giving`: somebody is in the middle of a gift. `local`: official time of day, None while it is not known.

    `need`: by project, the greater the more it needs; what is not named needs 0. `cloned`: beacons whose identity
    another transmitter seems to use, each with its reason.
    """

    giving: bool = False
    local: time | None = None
    need: Mapping[str, float] = field(default_factory=dict)
    cloned: Mapping[BeaconId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pick:
    """`why`: the rule that decided, with its numbers; empty when there was nothing to decide."""

    project: str
    priority: int
    need: float
    why: str


def pick(projects: Sequence[str], rules: ProjectRules, now: Circumstances, shown: str | None) -> Pick | None:
    """None when none of them is open at this hour. The one `shown` stays until the hour or a priority ends it."""
    in_hours = [project for project in projects if _open(rules.rule(project), now.local)]
    if not in_hours:
        return None
    highest = max(rules.rule(project).priority for project in in_hours)
    group = [project for project in in_hours if rules.rule(project).priority == highest]
    if len(group) == 1:
        project, why = group[0], _why_alone(group[0], projects, in_hours, rules, now)
    elif shown in group:
        project, why = shown, f"{shown} is shown already"
    else:
        needs = [now.need.get(each, 0.0) for each in group]
        project = group[needs.index(max(needs))]
        first, second = sorted(needs, reverse=True)[:2]
        why = f"{project} needs {first:g} against {second:g}"
        if first == second:
            why = f"{project} is listed first of {needs.count(first)} alike"
    return Pick(project, highest, now.need.get(project, 0.0), why)


def _why_alone(
    project: str, projects: Sequence[str], in_hours: Sequence[str], rules: ProjectRules, now: Circumstances
) -> str:
    lower = [rules.rule(each).priority for each in in_hours if each != project]
    if lower:
        return f"{project} has priority {rules.rule(project).priority} against {max(lower)}"
    if len(projects) > 1 and now.local is not None:
        return f"{project} is the only one of {len(projects)} at {now.local:%H:%M}"
    return ""


def _open(rule: ProjectRule, local: time | None) -> bool:
    """Without a time that can be trusted no project is kept from its residents."""
    return local is None or not rule.hours or any(hours.hold(local) for hours in rule.hours)
