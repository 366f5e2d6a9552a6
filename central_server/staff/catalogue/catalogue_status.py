"""Which catalogue is published where the visitor looks, which gateways have it, and what keeps them from it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from central_server.catalogue.catalogue_version import is_from_nowhere
from central_server.catalogue.publication import CatalogueStuck, Publication, Published
from central_server.store.catalogue import catalogues
from central_server.store.engine.database import Database

_MOST_MADE = 20
"""So many communities' catalogues are made for a look at the page; of more, those stand that gateways asked for."""
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Told:
    """`made_at`: of the one community there is, None where there are several. `behind`, `lost`: labels, few of them;
    the lost ones hold one that was never made here, and take no other. `stuck`: words of `publication.Stuck`."""

    made_at: datetime | None
    gateways: int
    up_to_date: int
    behind: tuple[str, ...]
    lost: tuple[str, ...] = ()
    stuck: frozenset[str] = frozenset()

    @property
    def fetched(self) -> bool:
        """Whether nothing keeps the gateways from what was saved."""
        return not self.stuck and not self.lost


async def told(database: Database, publication: Publication, tops: Collection[str]) -> Told:
    async with database.read() as connection:
        holders = await catalogues.holders(connection, tops)
    communities = sorted({holder.community for holder in holders})
    made: dict[str, Published] = {}
    if len(communities) <= _MOST_MADE:
        for community in communities:
            try:
                made[community] = await publication.current(community)
            except CatalogueStuck:
                continue
    async with database.read() as connection:
        newest = await catalogues.newest_versions(connection, communities)
        troubles = await catalogues.troubles(connection, tops)
    stuck = {trouble.community: trouble.reason for trouble in troubles}
    now = publication.now()
    lost = [
        each for each in holders if each.version and is_from_nowhere(newest.get(each.community, 0), each.version, now)
    ]
    behind = [each for each in holders if each not in lost and (each.version or 0) < newest.get(each.community, 1)]
    only = made.get(communities[0]) if len(communities) == 1 else None
    return Told(
        only.issued_at if only is not None else None,
        len(holders),
        len(holders) - len(behind) - len(lost),
        tuple(each.label for each in behind[:_MOST_NAMED]),
        tuple(each.label for each in lost[:_MOST_NAMED]),
        frozenset(stuck.values()),
    )
