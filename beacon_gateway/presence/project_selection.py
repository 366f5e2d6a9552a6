"""Select which of a beacon's projects to show, by the rules of the TOML and the catalogue.

sync_contract.project_rules decides; this module collects its inputs. Pure: time, need and donations are arguments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time

from beacon_gateway.model.beacons import Beacon, Zone
from beacon_gateway.model.reasons import CloneEvidence
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.project_rules import Bound, Hours, Moment, Option, Pick, Rule, pick

__all__ = ["Circumstances", "Hours", "Pick", "ProjectRule", "ProjectRules", "select_project"]


@dataclass(frozen=True, slots=True)
class ProjectRule:
    """`hours` empty: always. A higher `priority` takes precedence."""

    priority: int = 0
    hours: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectRules:
    """`several`: the beacons with more than one project, in list order; `by_project`: the projects with a rule."""

    several: Mapping[BeaconId, tuple[str, ...]] = field(default_factory=dict)
    by_project: Mapping[str, ProjectRule] = field(default_factory=dict)
    _options: dict[Sequence[str], tuple[Option, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    """Options already built: each tick uses them, and they never change."""

    def options(self, projects: tuple[str, ...]) -> tuple[Option, ...]:
        """Return the TOML's options for these projects."""
        options = self._options.get(projects)
        if options is None:
            rules = [(each, self.rule(each)) for each in projects]
            options = tuple(Option(each, Rule(rule.priority, rule.hours)) for each, rule in rules)
            self._options[projects] = options
        return options

    def of(self, beacon: BeaconId, bound: str | None) -> tuple[str, ...]:
        """Return the beacon's projects. A binding that is not one of its several projects replaces them."""
        several = self.several.get(beacon, ())
        if several and (bound is None or bound in several):
            return several
        return () if bound is None else (bound,)

    def rule(self, project: str) -> ProjectRule:
        return self.by_project.get(project, _NO_RULE)


_NO_RULE = ProjectRule()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Inputs of a choice beside the visits.

    `donation_in_progress`: a donor uses the screen. `local`, `today`: official time, None while it is not known.
    `need`: by project, greater is more urgent; a missing project has 0. `cloned`: beacons whose identity another
    transmitter seems to use. `bound`: the catalogue's bindings with rules; for its beacons they replace the TOML's.
    """

    donation_in_progress: bool = False
    local: time | None = None
    today: date | None = None
    need: Mapping[str, float] = field(default_factory=dict)
    cloned: Mapping[BeaconId, CloneEvidence] = field(default_factory=dict)
    bound: Bound = field(default_factory=Bound)


def select_project(
    beacon: Beacon, projects: Sequence[str], zone: Zone, now: Circumstances, rules: ProjectRules, shown: str | None
) -> Pick | None:
    """Return the beacon's project now, by the catalogue's rules if it has some for it, else by the TOML's.

    None when no project is open now. `shown` stays until the hour or a priority ends it.
    """
    options = now.bound.of(beacon.id, rules.options(tuple(projects)), person=beacon.kind is BeaconKind.person)
    return pick(options, Moment(now.local, now.today, zone.value, now.need), shown)
