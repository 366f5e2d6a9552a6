"""Whose name stands on a page or a slip: that of the place it is about, else the one that the settings say."""

from dataclasses import dataclass

from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import TOP, Place
from sync_contract.project import Texts
from sync_contract.strict_model import Language


@dataclass(frozen=True, slots=True)
class WhoseName:
    """`setting`: the name in the settings, where a page is of no place, and of one community that nobody named yet."""

    setting: Texts

    async def at(self, connection: Connection, place: str | None) -> Texts:
        """Of the community in which the place lies; of a place above communities its own."""
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
    """As a gateway brought it: called by its id."""
    return all(place.names[language] == place.id for language in Language)
