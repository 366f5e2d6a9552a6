"""Select which of a beacon's projects to show: TOML and catalogue rules, decided by sync_contract.project_rules.

Pure: what the clock says, who needs most and who is giving are told from outside, as Circumstances.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time

from beacon_gateway.model.beacons import Beacon, Zone
from sync_contract import project_rules as shared
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.project_rules import Bound, Hours, Moment, Option, Pick, Rule

__all__ = ["Circumstances", "Hours", "Pick", "ProjectRule", "ProjectRules", "brought", "pick"]


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
    _options: dict[Sequence[str], tuple[Option, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    """By projects, once made: they are asked for at each tick, and never change."""

    def options(self, projects: tuple[str, ...]) -> tuple[Option, ...]:
        """The TOML's: by project, whatever the beacon."""
        options = self._options.get(projects)
        if options is None:
            rules = [(each, self.rule(each)) for each in projects]
            options = tuple(Option(each, Rule(rule.priority, rule.hours)) for each, rule in rules)
            self._options[projects] = options
        return options

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
    """`giving`: somebody is in the middle of a gift. `local`, `today`: official time, None while it is not known.

    `need`: by project, the greater the more it needs; what is not named needs 0. `cloned`: beacons whose identity
    another transmitter seems to use, each with its reason. `bound`: what the catalogue binds by rules; where it says
    something of a beacon, that stands instead of the TOML's.
    """

    giving: bool = False
    local: time | None = None
    today: date | None = None
    need: Mapping[str, float] = field(default_factory=dict)
    cloned: Mapping[BeaconId, str] = field(default_factory=dict)
    bound: Bound = field(default_factory=Bound)


def pick(projects: Sequence[str], rules: ProjectRules, now: Circumstances, shown: str | None) -> Pick | None:
    """None when none of them is open at this hour. The one `shown` stays until the hour or a priority ends it."""
    return shared.pick(rules.options(tuple(projects)), _moment(now, ""), shown)


def brought(
    beacon: Beacon, projects: Sequence[str], zone: Zone, now: Circumstances, rules: ProjectRules, shown: str | None
) -> Pick | None:
    """What a beacon brings now: by the catalogue's rules where it has some for it, else by the TOML's."""
    options = now.bound.of(beacon.id, rules.options(tuple(projects)), person=beacon.kind is BeaconKind.person)
    return shared.pick(options, _moment(now, zone.value), shown)


def _moment(now: Circumstances, zone: str) -> Moment:
    return Moment(now.local, now.today, zone, now.need)
