"""Which version is published where the visitor looks, and how many gateways have it."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from central_server.catalogue.publication import CatalogueTooLarge, Publication
from central_server.store import catalogues
from central_server.store.database import Database

_MOST_MADE = 20
"""So many communities' catalogues are made for a look at the page; of more, those stand that gateways asked for."""


@dataclass(frozen=True, slots=True)
class Told:
    """`version`: of the one community there is, None where there are several. `behind`: labels, few of them."""

    version: int | None
    gateways: int
    up_to_date: int
    behind: tuple[str, ...]
    too_large: bool = False


async def told(database: Database, publication: Publication, tops: Collection[str]) -> Told:
    async with database.read() as connection:
        holders = await catalogues.holders(connection, tops)
    communities = sorted(Counter(holder.community for holder in holders))
    newest: dict[str, int] = {}
    too_large = False
    if len(communities) <= _MOST_MADE:
        for community in communities:
            try:
                newest[community] = (await publication.current(community)).version
            except CatalogueTooLarge:
                too_large = True
    else:
        async with database.read() as connection:
            newest = await catalogues.newest_versions(connection, communities)
    behind = [each.label for each in holders if (each.version or 0) < newest.get(each.community, 1)]
    version = newest.get(communities[0]) if len(communities) == 1 else None
    return Told(version, len(holders), len(holders) - len(behind), tuple(behind[:5]), too_large)
