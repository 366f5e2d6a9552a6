"""Serve GET /static/… from memory; an address with `?v=` never changes its content."""

from collections.abc import Mapping

from aiohttp import web

from kiosk_ui.assets import Asset


class StaticFiles:
    def __init__(self, files: Mapping[str, Asset]) -> None:
        self._files = files

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/static/{name:.+}", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        asset = self._files.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        caching = asset.caching(request.query.get("v"))
        return web.Response(body=asset.content, content_type=asset.media_type, headers={"Cache-Control": caching})
