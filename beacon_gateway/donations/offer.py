"""The projects on offer at this gateway, and whether their permits are valid."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import Catalogue, KnownBeacon
from sync_contract.permit import PermitJudgement, PermitReason, judge
from sync_contract.project import Project
from sync_contract.project_rules import Bound


class Offer:
    """Port: ports.Projects. Projects and bindings come from the TOML until a catalogue is taken.

    `now` returns the time by which permits are judged, None while it is uncertain. `barred` returns whether the central
    server refuses this gateway's tickets. `by_ticket`: donations go through the central server, so a project without
    any bank there is closed; without it, donations go to a public page.
    """

    def __init__(
        self,
        projects: Iterable[Project],
        bindings: dict[BeaconId, str],
        *,
        now: Callable[[], datetime | None],
        barred: Callable[[], bool] = lambda: False,
        by_ticket: bool = True,
    ) -> None:
        self._now = now
        self._barred = barred
        self._by_ticket = by_ticket
        self._version = 0
        self._projects = {project.id: project for project in projects}
        self.need = _needs(self._projects.values())
        """By project: the missing share of its goal, if the catalogue contains one."""
        self._own_bindings = dict(bindings)
        self._bindings = dict(bindings)
        self.bound = Bound()
        """The catalogue's bindings with rules; its plain bindings are in `bindings`."""
        self.beacons: tuple[KnownBeacon, ...] = ()
        """The catalogue's beacons, in addition to the TOML's."""

    @property
    def version(self) -> int:
        return self._version

    @property
    def bindings(self) -> dict[BeaconId, str]:
        """The project that each beacon selects; a catalogue's binding replaces the TOML's."""
        return self._bindings

    def all(self) -> tuple[Project, ...]:
        return tuple(self._projects.values())

    def get(self, project: str) -> Project | None:
        return self._projects.get(project)

    def judge(self, project: Project) -> PermitJudgement:
        judgement = project.judge(self._now()) if self._by_ticket else judge(project.permit, self._now())
        return PermitJudgement(PermitReason.barred) if judgement.open and self._barred() else judgement

    def take(self, catalogue: Catalogue) -> None:
        """Replace everything by a verified catalogue."""
        self._version = catalogue.version
        self._projects = {project.id: project for project in catalogue.projects}
        self.need = _needs(catalogue.projects)
        beacons = Counter(binding.beacon for binding in catalogue.bindings)
        plain = {
            binding.beacon: binding.project
            for binding in catalogue.bindings
            if binding.beacon and binding.plain and beacons[binding.beacon] == 1
        }
        self._bindings = self._own_bindings | plain
        by_rule = catalogue.bound()
        by_beacon = {beacon: options for beacon, options in by_rule.by_beacon.items() if beacon not in plain}
        self.bound = Bound(by_beacon, by_rule.every_place)
        self.beacons = catalogue.beacons


def _needs(projects: Iterable[Project]) -> dict[str, float]:
    return {project.id: need for project in projects if (need := project.need) is not None}
