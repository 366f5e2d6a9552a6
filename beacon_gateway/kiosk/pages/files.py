"""`/static/<file>` and `/healthz`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.client_origin import From, asked_from
from kiosk_ui.assets import Assets
from kiosk_ui.voices import Voices


def static_file(assets: Assets) -> Handler:
    """Cached for ever under the address that names its content, not at all under another."""

    async def get(request: web.Request) -> web.StreamResponse:
        asset = assets.files.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        caching = asset.caching(request.query.get("v"))
        return web.Response(body=asset.octets, content_type=asset.media_type, headers={"Cache-Control": caching})

    return get


def hung_picture(find: Callable[[str], tuple[Path, str] | None]) -> Handler:
    """`/pictures/<sha256>`: its address names its content, so it is cached for ever."""

    async def get(request: web.Request) -> web.StreamResponse:
        found = find(request.match_info["sha256"])
        if found is None:
            raise web.HTTPNotFound
        file, content_type = found
        headers = {"Content-Type": content_type, "Cache-Control": "public, max-age=31536000, immutable"}
        return web.FileResponse(file, headers=headers)

    return get


def recording(voices: Voices) -> Handler:
    """`/voices/<voice>/<file>`: under the address that names its content cached for ever."""

    async def get(request: web.Request) -> web.StreamResponse:
        found = voices.find(request.match_info["voice"], request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        current = found.url.endswith(f"?v={request.query.get('v', '')}")
        cache = "public, max-age=31536000, immutable" if current else "no-cache"
        return web.FileResponse(found.file, headers={"Content-Type": found.media_type, "Cache-Control": cache})

    return get


def healthz(health: Callable[[], Mapping[str, Any]]) -> Handler:
    """503 when the facts say `"ok": false`. The facts are for this device; others are told only whether all is well."""

    async def get(request: web.Request) -> web.StreamResponse:
        facts = dict(health())
        well = bool(facts.get("ok", True))
        told = facts if asked_from(request) is From.device else {"ok": well}
        return web.json_response(told, status=200 if well else 503)

    return get
