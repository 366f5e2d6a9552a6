"""The projects on offer here, and whether their permits hold."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sync_contract.beacon import BeaconId
from sync_contract.catalogue import Catalogue
from sync_contract.permit import PermitJudgement, judge
from sync_contract.project import Project


class Offer:
    """Projects and bindings: the TOML's own until a catalogue is held, the catalogue's from then on.

    `now` gives the time by which permits are judged, None while no trustworthy time is known.
    """

    def __init__(
        self, projects: Iterable[Project], bindings: dict[BeaconId, str], *, now: Callable[[], datetime | None]
    ) -> None:
        self._now = now
        self._version = 0
        self._projects = {project.id: project for project in projects}
        self._own_bindings = dict(bindings)
        self._bindings = dict(bindings)

    @property
    def version(self) -> int:
        return self._version

    @property
    def bindings(self) -> dict[BeaconId, str]:
        """Which project a beacon brings to the screen; the installer's TOML stands where the catalogue is silent."""
        return self._bindings

    def all(self) -> tuple[Project, ...]:
        return tuple(self._projects.values())

    def get(self, project: str) -> Project | None:
        return self._projects.get(project)

    def judge(self, project: Project) -> PermitJudgement:
        return judge(project.permit, self._now())

    def take(self, catalogue: Catalogue) -> None:
        """Take a verified catalogue, whole."""
        self._version = catalogue.version
        self._projects = {project.id: project for project in catalogue.projects}
        self._bindings = self._own_bindings | {binding.beacon: binding.project for binding in catalogue.bindings}
