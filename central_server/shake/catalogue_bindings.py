"""Look up which projects are at beacons and places, for phones."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from central_server.catalogue.beacon_project import BeaconPlace, BeaconProject, places_of, projects_at
from central_server.store.catalogue import projects
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import TOP
from sync_contract.beacon_identity import BeaconId
from sync_contract.project import Project
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class Hall:
    """The projects on offer at a place, in the order of its pages."""

    place: str
    projects: tuple[Project, ...]


@dataclass(frozen=True, slots=True)
class CatalogueBindings:
    database: Database
    environment: Environment

    async def at(self, zones: Mapping[BeaconId, str], now: datetime) -> Mapping[BeaconId, BeaconProject]:
        """Return the beacons that bring a project now. Persons' tags are left out: a pass would store a row of them.

        `zones`: immediate, near, or empty where the distance is unknown.
        """
        async with self.database.read() as connection:
            return await projects_at(connection, zones, now, self.environment)

    async def places(self, beacons: Collection[BeaconId], now: datetime) -> Mapping[BeaconId, BeaconPlace]:
        """Return the place beacons of this server among them, whether they bring a project now or not."""
        async with self.database.read() as connection:
            return await places_of(connection, beacons, now)

    async def hall(self, place: str | None) -> Hall | None:
        """Return None for an unknown place. `place` None: the only community, else what is on offer everywhere."""
        async with self.database.read() as connection:
            if place is None:
                place = await places.only_community(connection) or TOP
            elif await places.get(connection, place) is None:
                return None
            return Hall(place, await projects.all_offered(connection, place))

    async def project(self, place: str, project: str) -> Project | None:
        """Return the project even if it is no longer on offer."""
        async with self.database.read() as connection:
            return await projects.known(connection, place, project)
