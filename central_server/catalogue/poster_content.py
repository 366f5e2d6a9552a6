"""Collect the content of a beacon's poster from the catalogue."""

from dataclasses import dataclass
from datetime import datetime

from central_server.catalogue.beacon_project import community_of, project_at, site_of
from central_server.store.catalogue import pictures, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from kiosk_ui.paper.poster import PosterFacts
from sync_contract.catalogue import Focus
from sync_contract.project import Project, Texts
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class PosterContent:
    """`place`: of the beacon; `projects`: that may be printed; `chosen`: the printed one."""

    place: str
    community: Texts
    projects: tuple[Project, ...]
    chosen: Project | None
    picture: bytes | None
    focus: Focus

    def facts(self, beacon: StoredBeacon, environment: Environment, public_url: str, phone: str) -> PosterFacts | None:
        """Return None without a project."""
        if self.chosen is None:
            return None
        return PosterFacts(
            environment=environment,
            community=self.community,
            public_url=public_url,
            beacon=beacon.beacon,
            project=self.chosen,
            picture=self.picture,
            focus=self.focus,
            phone=phone,
        )


async def load_poster_content(
    connection: Connection, beacon: StoredBeacon, project: str, now: datetime, environment: Environment
) -> PosterContent:
    """`project`: the requested one; empty: the one that the beacon brings now."""
    community = await community_of(connection, beacon, now)
    place = await places.get(connection, community)
    assert place is not None  # a foreign key
    offered = await projects.all_offered(connection, community)
    current = await project_at(connection, beacon.beacon, now, environment)
    id_ = project or (current.project.id if current and current.community == community else "")
    chosen = next((each for each in offered if each.id == id_), None)
    picture, focus = await _picture(connection, community, chosen.id) if chosen else (None, Focus.centre)
    site = await site_of(connection, beacon, community)
    return PosterContent(site, place.names, offered, chosen, picture, focus)


async def _picture(connection: Connection, community: str, project: str) -> tuple[bytes | None, Focus]:
    applied = (await projects.holding(connection, community))[project]
    picture = await pictures.get(connection, applied.picture) if applied.picture else None
    return picture.content if picture else None, applied.focus
