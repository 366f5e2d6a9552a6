"""Look up the name to show on a page or slip: of its place, else from the settings."""

from dataclasses import dataclass

from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import TOP, Place
from sync_contract.project import Texts
from sync_contract.strict_model import Language


@dataclass(frozen=True, slots=True)
class NameLookup:
    """`setting`: for pages of no place, and for the only community while it has no name of its own."""

    setting: Texts

    async def at(self, connection: Connection, place: str | None) -> Texts:
        """Return the name of the community that contains the place; of a place above communities its own name."""
        if place in (None, "", TOP):
            place = await places.only_community(connection)
        if place is None:
            return self.setting
        community = (await places.communities_of(connection, [place]))[place]
        found = await places.get(connection, community)
        if found is None or (_unnamed(found) and await places.only_community(connection) == found.id):
            return self.setting
        return found.names


def _unnamed(place: Place) -> bool:
    """Return whether the place is named by its id, as a gateway's enrolment adds it."""
    return all(place.names[language] == place.id for language in Language)
