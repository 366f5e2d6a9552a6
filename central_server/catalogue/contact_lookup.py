"""Whom residents may call at a place: what the tree says there, else what the settings say."""

from dataclasses import dataclass

from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.places import contacts, places
from central_server.store.places.places import TOP
from kiosk_ui.help_views import ContactPage


@dataclass(frozen=True, slots=True)
class WhomToCall:
    """`setting`: the server's own number, for places that have none, and none above them."""

    setting: ContactPage

    async def at(self, connection: Connection, place: str) -> ContactPage:
        """Its phone is empty where none is published."""
        said = await contacts.over(connection, place)
        if not said:
            return self.setting
        contact = said[0].contact
        return ContactPage(contact.phone, contact.holder or said[0].place.names, contact.hours)

    async def anywhere(self, connection: Connection) -> ContactPage:
        """Where a page is of no place: that of the one community there is, else the whole server's."""
        return await self.at(connection, await places.only_community(connection) or TOP)


async def standing(connection: Connection, gateway: str, community: str) -> str:
    """Where a gift of the community was begun: the site where its gateway stands, as long as it is of the community."""
    known = await gateways.get(connection, gateway)
    site = None if known is None else known.site
    return site if site and community in await places.ancestors(connection, site) else community
