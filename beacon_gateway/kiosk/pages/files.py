"""Serve static files, project pictures, voice recordings and `/healthz`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from kiosk_ui.assets import IMMUTABLE, Assets
from kiosk_ui.voices import Voices


def static_file(assets: Assets) -> Handler:
    """`/static/<file>`: cached for ever under the address with its version, otherwise not at all."""

    async def get(request: web.Request) -> web.StreamResponse:
        asset = assets.files.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        body, headers = asset.reply(request.query.get("v"), request.headers.get("Accept-Encoding", ""))
        return web.Response(body=body, headers=headers)

    return get


def album_picture(find: Callable[[str], tuple[Path, str] | None]) -> Handler:
    """`/pictures/<sha256>`: the address identifies the content, so it is cached for ever."""

    async def get(request: web.Request) -> web.StreamResponse:
        found = find(request.match_info["sha256"])
        if found is None:
            raise web.HTTPNotFound
        file, content_type = found
        return web.FileResponse(file, headers={"Content-Type": content_type, "Cache-Control": IMMUTABLE})

    return get


def voice_recording(voices: Voices) -> Handler:
    """`/voices/<voice>/<file>`: cached for ever under the address with its version."""

    async def get(request: web.Request) -> web.StreamResponse:
        found = voices.find(request.match_info["voice"], request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        versioned = found.url.endswith(f"?v={request.query.get('v', '')}")
        caching = IMMUTABLE if versioned else "no-cache"
        return web.FileResponse(found.file, headers={"Content-Type": found.media_type, "Cache-Control": caching})

    return get


def healthz(health: Callable[[], Mapping[str, Any]]) -> Handler:
    """Status 503 when the facts contain `"ok": false`."""

    async def get(request: web.Request) -> web.StreamResponse:
        facts = dict(health())
        return web.json_response(facts, status=200 if facts.get("ok", True) else 503)

    return get
