"""GET /api/v1/catalogue: public, for it is signed and holds nothing that the kiosk does not show."""

from aiohttp import web
from aiohttp.helpers import ETag

from central_server.store.catalogues import KeptCatalogue


class CatalogueApi:
    def __init__(self, catalogue: KeptCatalogue) -> None:
        self._catalogue = catalogue
        self._etag = f"{catalogue.version}-{catalogue.digest[:16]}"

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/v1/catalogue", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        held = request.if_none_match or ()
        fresh = any(tag.value in (self._etag, "*") for tag in held)
        answer = web.Response(status=304) if fresh else web.json_response(text=self._catalogue.content)
        answer.etag = ETag(self._etag)
        answer.headers["Cache-Control"] = "no-cache"
        return answer
