"""Find the community of a request's path."""

from urllib.parse import quote

from aiohttp import web

from central_server.public.phone_pages.page_responder import PLACE
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import Place, PlaceKind

AT = "/community/{place:[^/]{1,64}}"


async def find_community(connection: Connection, request: web.Request) -> Place:
    """Return the community of the path, and give the page its name and contact. Raises HTTPNotFound."""
    found = await places.get(connection, request.match_info["place"])
    if found is None or found.kind is not PlaceKind.community:
        raise web.HTTPNotFound
    request[PLACE] = found.id
    return found


def community_path(community: str) -> str:
    return f"/community/{quote(community, safe='')}"
