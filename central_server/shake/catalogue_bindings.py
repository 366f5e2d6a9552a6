"""Bindings as the catalogue has them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from central_server.catalogue.beacon_project import projects_at, stands
from central_server.shake.nearest_beacon import Brought, Hall, Stands
from central_server.store.catalogue import projects
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import TOP
from sync_contract.beacon_identity import BeaconId
from sync_contract.project import Project
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class CatalogueBindings:
    database: Database
    environment: Environment

    async def at(self, zones: Mapping[BeaconId, str], now: datetime) -> Mapping[BeaconId, Brought]:
        async with self.database.read() as connection:
            found = await projects_at(connection, zones, now, self.environment)
        return {
            beacon: Brought(here.project, here.community, here.pick.priority, here.pick.need, here.place)
            for beacon, here in found.items()
        }

    async def stand(self, beacons: Collection[BeaconId], now: datetime) -> Mapping[BeaconId, Stands]:
        async with self.database.read() as connection:
            found = await stands(connection, beacons, now)
        return {beacon: Stands(each.community, each.place) for beacon, each in found.items()}

    async def hall(self, place: str | None) -> Hall | None:
        async with self.database.read() as connection:
            if place is None:
                place = await places.only_community(connection) or TOP
            elif await places.get(connection, place) is None:
                return None
            return Hall(place, await projects.all_offered(connection, place))

    async def project(self, place: str, project: str) -> Project | None:
        async with self.database.read() as connection:
            return await projects.known(connection, place, project)
