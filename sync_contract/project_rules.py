"""Select which of several projects a beacon shows now. The gateway's screen and the central server use this one rule.

Options whose hours, weekdays, dates, zone or need do not hold are dropped. The rest is ordered by priority, then what
is shown already, then need, then list order. Pure: time and need are arguments.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Literal

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

    def start_day(self, local: time, today: date) -> date:
        """Return the day on which the current hours began: the day before, after midnight."""
        passed_midnight = self.since >= self.until and local < self.until
        return today - timedelta(days=1) if passed_midnight else today

    def __str__(self) -> str:
        return f"{self.since:%H:%M}-{self.until:%H:%M}"


@dataclass(frozen=True, slots=True)
class Rule:
    """When a project may be shown, and its precedence. Empty fields mean always and everywhere.

    `weekdays`: 1 Monday to 7 Sunday; `since`, `until`: first and last day; `zone`: immediate or near;
    `while_needed`: only until the project has what it needs. A higher `priority` takes precedence.
    """

    priority: int = 0
    hours: tuple[Hours, ...] = ()
    weekdays: tuple[int, ...] = ()
    since: date | None = None
    until: date | None = None
    zone: str = ""
    while_needed: bool = False

    def holds(self, project: str, now: "Moment") -> bool:
        """Return whether the project may be shown. Without a trusted time, hours and dates are ignored."""
        if self.zone and now.zone != self.zone:
            return False
        if self.while_needed and now.need.get(project, 1.0) <= 0:
            return False
        if now.local is None or not self.hours:
            return now.today is None or self._day_fits(now.today)
        return any(
            hours.hold(now.local) and (now.today is None or self._day_fits(hours.start_day(now.local, now.today)))
            for hours in self.hours
        )

    def _day_fits(self, day: date) -> bool:
        if self.weekdays and day.isoweekday() not in self.weekdays:
            return False
        return not (self.since and day < self.since) and not (self.until and day > self.until)


@dataclass(frozen=True, slots=True)
class Moment:
    """`local`, `today`: official time; None while it is not known. `zone`: of the beacon, empty when unknown.

    `need`: by project, greater is more urgent. A missing project sorts as 0, but still counts as needed.
    """

    local: time | None = None
    today: date | None = None
    zone: str = ""
    need: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """A project that a beacon may show, and when."""

    project: str
    rule: Rule = Rule()


@dataclass(frozen=True, slots=True)
class HighestPriority:
    """`other`: the next priority."""

    priority: int
    other: int
    kind: Literal["highest_priority"] = "highest_priority"


@dataclass(frozen=True, slots=True)
class OnlyOpen:
    """The only one of `of` projects that is open at `local`."""

    of: int
    local: time
    kind: Literal["only_open"] = "only_open"


@dataclass(frozen=True, slots=True)
class AlreadyShown:
    kind: Literal["already_shown"] = "already_shown"


@dataclass(frozen=True, slots=True)
class GreatestNeed:
    """`other`: the next need."""

    need: float
    other: float
    kind: Literal["greatest_need"] = "greatest_need"


@dataclass(frozen=True, slots=True)
class ListedFirst:
    """Of `of` projects with the same priority and need."""

    of: int
    kind: Literal["listed_first"] = "listed_first"


PickReason = HighestPriority | OnlyOpen | AlreadyShown | GreatestNeed | ListedFirst
_ALREADY_SHOWN = AlreadyShown()


@dataclass(frozen=True, slots=True)
class Pick:
    """`reason`: the rule that decided; None when there was nothing to decide."""

    project: str
    priority: int
    need: float
    reason: PickReason | None


def pick(options: Sequence[Option], now: Moment, shown: str | None = None) -> Pick | None:
    """Return None when no option holds now. The project `shown` stays until a rule or a priority ends it."""
    holding = [option for option in options if option.rule.holds(option.project, now)]
    if not holding:
        return None
    highest = max(option.rule.priority for option in holding)
    group = list(dict.fromkeys(option.project for option in holding if option.rule.priority == highest))
    reason: PickReason | None
    if len(group) == 1:
        project, reason = group[0], _reason_alone(group[0], highest, options, holding, now)
    elif shown in group:
        project, reason = shown, _ALREADY_SHOWN
    else:
        needs = [now.need.get(each, 0.0) for each in group]
        project = group[needs.index(max(needs))]
        first, second = sorted(needs, reverse=True)[:2]
        reason = ListedFirst(needs.count(first)) if first == second else GreatestNeed(first, second)
    return Pick(project, highest, now.need.get(project, 0.0), reason)


def _reason_alone(
    project: str, priority: int, options: Sequence[Option], holding: Sequence[Option], now: Moment
) -> PickReason | None:
    lower = [each.rule.priority for each in holding if each.project != project]
    if lower:
        return HighestPriority(priority, max(lower))
    offered = len({each.project for each in options})
    return OnlyOpen(offered, now.local) if offered > 1 and now.local is not None else None


@dataclass(frozen=True, slots=True)
class Bound:
    """The options of a catalogue: by beacon, and those of every place beacon."""

    by_beacon: Mapping[BeaconId, tuple[Option, ...]] = field(default_factory=dict)
    every_place: tuple[Option, ...] = ()

    def of(self, beacon: BeaconId, otherwise: tuple[Option, ...] = (), *, person: bool) -> tuple[Option, ...]:
        """Return the beacon's own options, or else `otherwise`; then, unless it is a person's tag, `every_place`."""
        return self.by_beacon.get(beacon, otherwise) + (() if person else self.every_place)


def bound(bindings: Iterable[tuple[BeaconId | None, Option]]) -> Bound:
    """Group the options by beacon; None as the beacon means every place beacon."""
    by_beacon: dict[BeaconId, tuple[Option, ...]] = {}
    every_place: list[Option] = []
    for beacon, option in bindings:
        if beacon is None:
            every_place.append(option)
        else:
            by_beacon[beacon] = (*by_beacon.get(beacon, ()), option)
    return Bound(by_beacon, tuple(every_place))
