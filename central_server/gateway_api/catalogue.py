"""Serves GET /api/v1/catalogue, the signed catalogue of the gateway's community, and its pictures."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from aiohttp.helpers import ETag

from central_server.catalogue.publication import CatalogueUnavailable, Publication
from central_server.enrolment.request_verification import signer
from central_server.rejected_requests import Refusals
from central_server.store.catalogue import catalogues, pictures
from central_server.store.engine.database import Database
from central_server.store.enrolment.gateways import Gateway
from daemonkit.web import problem


class CatalogueApi:
    def __init__(
        self, database: Database, publication: Publication, refusals: Refusals, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._publication = publication
        self._refusals = refusals
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/catalogue", self._get),
            web.get("/api/v1/pictures/{sha256:[0-9a-f]{64}}", self._picture),
        ]

    async def _get(self, request: web.Request) -> web.Response:
        gateway = await signer(request, b"", self._database, self._refusals, self._clock())
        if not isinstance(gateway, Gateway):
            return gateway
        async with self._database.read() as connection:
            reported = await catalogues.reported_version(connection, gateway.id)
        try:
            published = await self._publication.current(gateway.community, reported)
        except CatalogueUnavailable as error:
            return problem(503, "Service Unavailable", str(error))
        etag = f"{published.version}-{published.digest[:16]}"
        tags = request.if_none_match or ()
        fresh = any(tag.value in (etag, "*") for tag in tags)
        answer = web.Response(status=304) if fresh else web.json_response(text=published.signed)
        answer.etag = ETag(etag)
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    async def _picture(self, request: web.Request) -> web.Response:
        """Serve a picture of any community: its digest is known only from a signed catalogue."""
        gateway = await signer(request, b"", self._database, self._refusals, self._clock())
        if not isinstance(gateway, Gateway):
            return gateway
        async with self._database.read() as connection:
            picture = await pictures.get(connection, request.match_info["sha256"])
        if picture is None:
            return problem(404, "Not Found")
        headers = {"Cache-Control": "private, max-age=31536000, immutable"}
        return web.Response(body=picture.content, content_type=picture.content_type, headers=headers)
