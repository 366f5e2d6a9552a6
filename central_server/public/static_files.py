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
        body, headers = asset.reply(request.query.get("v"), request.headers.get("Accept-Encoding", ""))
        return web.Response(body=body, headers=headers)
