"""Load which catalogue is published, which gateways have it, and what keeps them from it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from central_server.catalogue.catalogue_version import is_impossible
from central_server.catalogue.publication import CatalogueUnavailable, Publication, Published
from central_server.store.catalogue import catalogues
from central_server.store.engine.database import Database

_MAX_PUBLISHED = 20
"""Catalogues published for one view of the page; with more communities, only those that gateways requested exist."""
_MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class CatalogueStatus:
    """`made_at`: of the only community, None for several. `behind`, `lost`: a few labels of gateways; lost ones have a
    version that was never made here, and accept no other. `stuck`: words of `publication.Obstacle`."""

    made_at: datetime | None
    gateways: int
    up_to_date: int
    behind: tuple[str, ...]
    lost: tuple[str, ...] = ()
    stuck: frozenset[str] = frozenset()

    @property
    def fetched(self) -> bool:
        """Nothing keeps the gateways from what was saved."""
        return not self.stuck and not self.lost


async def load_status(database: Database, publication: Publication, tops: Collection[str]) -> CatalogueStatus:
    async with database.read() as connection:
        holders = await catalogues.holders(connection, tops)
    communities = sorted({holder.community for holder in holders})
    published: dict[str, Published] = {}
    if len(communities) <= _MAX_PUBLISHED:
        for community in communities:
            try:
                published[community] = await publication.current(community)
            except CatalogueUnavailable:
                continue
    async with database.read() as connection:
        newest = await catalogues.newest_versions(connection, communities)
        troubles = await catalogues.troubles(connection, tops)
    now = publication.now()
    lost = [
        each for each in holders if each.version and is_impossible(newest.get(each.community, 0), each.version, now)
    ]
    behind = [each for each in holders if each not in lost and (each.version or 0) < newest.get(each.community, 1)]
    only = published.get(communities[0]) if len(communities) == 1 else None
    return CatalogueStatus(
        only.issued_at if only is not None else None,
        len(holders),
        len(holders) - len(behind) - len(lost),
        tuple(each.label for each in behind[:_MAX_NAMED]),
        tuple(each.label for each in lost[:_MAX_NAMED]),
        frozenset(trouble.reason for trouble in troubles),
    )
