"""Look up the phone number for residents of a place: from the tree of places, else from the settings."""

from dataclasses import dataclass

from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.places import contacts, places
from central_server.store.places.places import TOP
from kiosk_ui.help_views import ContactPage


@dataclass(frozen=True, slots=True)
class ContactLookup:
    """`setting`: the server's own number, for places where neither they nor a place above has one."""

    setting: ContactPage

    async def at(self, connection: Connection, place: str) -> ContactPage:
        """Return the contact; its phone is empty where none is published."""
        published = await contacts.above(connection, place)
        if not published:
            return self.setting
        contact = published[0].contact
        return ContactPage(contact.phone, contact.holder or published[0].place.names, contact.hours)

    async def anywhere(self, connection: Connection) -> ContactPage:
        """Return the contact for a page of no place: of the only community, else of the whole server."""
        return await self.at(connection, await places.only_community(connection) or TOP)


async def gift_place(connection: Connection, gateway: str, community: str) -> str:
    """Return where a gift was made: the site of its gateway if the community contains it, else the community."""
    known = await gateways.get(connection, gateway)
    site = None if known is None else known.site
    return site if site and community in await places.ancestors(connection, site) else community
