"""`/static/<file>` and `/healthz`."""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from kiosk_ui.assets import Assets


def static_file(assets: Assets) -> Handler:
    """Cached for ever under the address that names its content, not at all under another."""

    async def get(request: web.Request) -> web.StreamResponse:
        asset = assets.files.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        current = request.query.get("v") == asset.version
        cache = "public, max-age=31536000, immutable" if current else "no-cache"
        return web.Response(body=asset.octets, content_type=asset.media_type, headers={"Cache-Control": cache})

    return get


def healthz(health: Callable[[], Mapping[str, Any]]) -> Handler:
    """503 when the facts say `"ok": false`."""

    async def get(_: web.Request) -> web.StreamResponse:
        facts = dict(health())
        return web.json_response(facts, status=200 if facts.get("ok", True) else 503)

    return get
