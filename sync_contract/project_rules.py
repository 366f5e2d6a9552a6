"""Which of several projects a beacon brings now: one rule for the gateway's screen and the central server's answer.

What does not hold now falls away (hours, weekdays, dates, zone, need); then the greatest priority, then what is shown
already, then the greatest need, then the order in which they are listed. Pure: time and need are told from outside.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from sync_contract.beacon_identity import BeaconId


@dataclass(frozen=True, slots=True)
class Hours:
    """From `since` to just before `until`, official time (Asia/Shanghai); over midnight when `until` is not later."""

    since: time
    until: time

    def hold(self, local: time) -> bool:
        if self.since < self.until:
            return self.since <= local < self.until
        return local >= self.since or local < self.until

    def began(self, local: time, today: date) -> date:
        """The day on which the hours that hold now began: after midnight it is the day before."""
        passed_midnight = self.since >= self.until and local < self.until
        return today - timedelta(days=1) if passed_midnight else today

    def __str__(self) -> str:
        return f"{self.since:%H:%M}-{self.until:%H:%M}"


@dataclass(frozen=True, slots=True)
class Rule:
    """When a project may be brought, and before which others. Empty means always, everywhere.

    `weekdays`: 1 Monday to 7 Sunday; `since`, `until`: first and last day; `zone`: immediate or near;
    `while_needed`: not any more once the project has what it needs. The greater `priority` goes first.
    """

    priority: int = 0
    hours: tuple[Hours, ...] = ()
    weekdays: tuple[int, ...] = ()
    since: date | None = None
    until: date | None = None
    zone: str = ""
    while_needed: bool = False

    def holds(self, project: str, now: "Moment") -> bool:
        """Without a time that can be trusted no project is kept from its residents."""
        if self.zone and now.zone != self.zone:
            return False
        if self.while_needed and now.need.get(project, 1.0) <= 0:
            return False
        if now.local is None or not self.hours:
            return now.today is None or self._day_fits(now.today)
        return any(
            hours.hold(now.local) and (now.today is None or self._day_fits(hours.began(now.local, now.today)))
            for hours in self.hours
        )

    def _day_fits(self, day: date) -> bool:
        if self.weekdays and day.isoweekday() not in self.weekdays:
            return False
        return not (self.since and day < self.since) and not (self.until and day > self.until)


@dataclass(frozen=True, slots=True)
class Moment:
    """`local`, `today`: official time; None while it is not known. `zone`: where the beacon is, empty when unknown.

    `need`: by project, the greater the more it needs; what is not named needs 0, but is not without need.
    """

    local: time | None = None
    today: date | None = None
    zone: str = ""
    need: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """A project that a beacon may bring, and when."""

    project: str
    rule: Rule = Rule()


@dataclass(frozen=True, slots=True)
class Pick:
    """`why`: the rule that decided, with its numbers; empty when there was nothing to decide."""

    project: str
    priority: int
    need: float
    why: str


def pick(options: Sequence[Option], now: Moment, shown: str | None = None) -> Pick | None:
    """None when no option holds now. The project `shown` stays until a rule or a priority ends it."""
    holding = [option for option in options if option.rule.holds(option.project, now)]
    if not holding:
        return None
    highest = max(option.rule.priority for option in holding)
    group = list(dict.fromkeys(option.project for option in holding if option.rule.priority == highest))
    if len(group) == 1:
        project, why = group[0], _why_alone(group[0], highest, options, holding, now)
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


def _why_alone(project: str, priority: int, options: Sequence[Option], holding: Sequence[Option], now: Moment) -> str:
    lower = [each.rule.priority for each in holding if each.project != project]
    if lower:
        return f"{project} has priority {priority} against {max(lower)}"
    offered = len({each.project for each in options})
    if offered > 1 and now.local is not None:
        return f"{project} is the only one of {offered} at {now.local:%H:%M}"
    return ""


@dataclass(frozen=True, slots=True)
class Bound:
    """The options of a catalogue: by beacon, and those of every place beacon."""

    by_beacon: Mapping[BeaconId, tuple[Option, ...]] = field(default_factory=dict)
    every_place: tuple[Option, ...] = ()

    def of(self, beacon: BeaconId, otherwise: tuple[Option, ...] = (), *, person: bool) -> tuple[Option, ...]:
        """The beacon's own, or else `otherwise`; then what stands for every place beacon, which no person's tag is."""
        return self.by_beacon.get(beacon, otherwise) + (() if person else self.every_place)


def bound(bindings: Iterable[tuple[BeaconId | None, Option]]) -> Bound:
    """None as the beacon: every place beacon."""
    by_beacon: dict[BeaconId, tuple[Option, ...]] = {}
    every_place: list[Option] = []
    for beacon, option in bindings:
        if beacon is None:
            every_place.append(option)
        else:
            by_beacon[beacon] = (*by_beacon.get(beacon, ()), option)
    return Bound(by_beacon, tuple(every_place))
