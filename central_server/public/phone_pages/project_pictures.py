"""Serve GET /pictures/<sha256>, the pictures of projects. An address never changes its content."""

from collections.abc import Collection

from aiohttp import web
from aiohttp.helpers import ETag

from central_server.store.catalogue import pictures, projects
from central_server.store.engine.database import Database
from kiosk_ui.assets import Photograph


class ProjectPictures:
    def __init__(self, database: Database) -> None:
        self._database = database

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/pictures/{sha256:[0-9a-f]{64}}", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        sha256 = request.match_info["sha256"]
        async with self._database.read() as connection:
            picture = await pictures.shown(connection, sha256)
        if picture is None:
            raise web.HTTPNotFound
        fresh = any(tag.value in (sha256, "*") for tag in request.if_none_match or ())
        answer = (
            web.Response(status=304) if fresh else web.Response(body=picture.content, content_type=picture.content_type)
        )
        answer.etag = ETag(sha256)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


async def pictures_of(database: Database, place: str, ids: Collection[str]) -> dict[str, Photograph]:
    """Return the photographs by project, for pages of `place`; projects without one show their drawing."""
    async with database.read() as connection:
        found = await projects.pictures(connection, place, ids)
    return {project: Photograph(f"/pictures/{sha256}", focus) for project, (sha256, focus) in found.items()}
