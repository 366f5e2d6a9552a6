"""What a beacon's poster says, out of the catalogue."""

from dataclasses import dataclass
from datetime import datetime

from central_server.catalogue.beacon_project import community_of, project_at, stands_at
from central_server.store.catalogue import pictures, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from kiosk_ui.paper.poster import PosterFacts
from sync_contract.project import Project, Texts
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class OnPaper:
    """`place`: where the beacon stands; `projects`: that may stand on it; `chosen`: the one that does, None when there
    is none."""

    place: str
    community: Texts
    projects: tuple[Project, ...]
    chosen: Project | None
    picture: bytes | None

    def facts(self, kept: StoredBeacon, environment: Environment, public_url: str, phone: str) -> PosterFacts | None:
        """None without a project."""
        if self.chosen is None:
            return None
        return PosterFacts(
            environment=environment,
            community=self.community,
            public_url=public_url,
            beacon=kept.beacon,
            project=self.chosen,
            picture=self.picture,
            phone=phone,
        )


async def on_paper(
    connection: Connection, kept: StoredBeacon, project: str, now: datetime, environment: Environment
) -> OnPaper:
    """`project`: the one wished for; empty, or one that is not on offer there: the one that the beacon brings now."""
    community = await community_of(connection, kept, now)
    place = await places.get(connection, community)
    assert place is not None  # a beacon's place is kept as long as the beacon
    offered = await projects.all_offered(connection, community)
    here = await project_at(connection, kept.beacon, now, environment)
    wished = project or (here.project.id if here and here.community == community else "")
    chosen = next((each for each in offered if each.id == wished), None)
    picture = await _picture(connection, community, chosen.id) if chosen else None
    return OnPaper(await stands_at(connection, kept, community), place.names, offered, chosen, picture)


async def _picture(connection: Connection, community: str, project: str) -> bytes | None:
    sha256 = (await projects.holding(connection, community))[project].picture
    kept = await pictures.get(connection, sha256) if sha256 else None
    return kept.content if kept else None
