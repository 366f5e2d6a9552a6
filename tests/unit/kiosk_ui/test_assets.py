"""Test static files: compressed once, served as the request asks, never another compressed response."""

import gzip

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from central_server.public.static_files import StaticFiles
from kiosk_ui.assets import Asset, Assets


@pytest.mark.parametrize("accepted", ["gzip, deflate, br", "GZIP;q=0.5", "br;q=1.0, gzip"])
async def test_a_stylesheet_is_sent_compressed_to_who_accepts_it(accepted: str) -> None:
    sheet = Assets().files["pages.css"]
    status, headers, body = await _fetch({"pages.css": sheet}, "pages.css", accepted)
    assert (status, headers["Content-Encoding"], headers["Vary"]) == (200, "gzip", "Accept-Encoding")
    assert headers["Content-Type"] == "text/css; charset=utf-8"
    assert gzip.decompress(body) == sheet.content
    assert len(body) < len(sheet.content) / 2


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.000", "x-gzip-like"])
async def test_it_is_sent_plain_to_who_does_not(accepted: str) -> None:
    sheet = Assets().files["pages.css"]
    status, headers, body = await _fetch({"pages.css": sheet}, "pages.css", accepted)
    assert (status, body) == (200, sheet.content)
    assert "Content-Encoding" not in headers
    assert headers["Vary"] == "Accept-Encoding"


async def test_a_file_that_does_not_shrink_is_sent_plain() -> None:
    picture = Asset.of(bytes(range(256)), "image/png")
    status, headers, body = await _fetch({"a.png": picture}, "a.png", "gzip")
    assert (status, body) == (200, picture.content)
    assert "Content-Encoding" not in headers


def test_no_typeface_is_served() -> None:
    """A phone has its own; a Chinese typeface weighs megabytes."""
    assets = Assets().files
    assert not [name for name in assets if name.endswith((".woff", ".woff2", ".ttf", ".otf"))]
    assert not [name for name, asset in assets.items() if b"@font-face" in asset.content]


async def _fetch(files: dict[str, Asset], name: str, accepted: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and the body as sent."""
    app = web.Application()
    app.add_routes(StaticFiles(files).routes())
    headers = {"Accept-Encoding": accepted}
    async with (
        TestServer(app) as server,
        ClientSession(auto_decompress=False) as http,
        http.get(server.make_url(f"/static/{name}"), headers=headers) as response,
    ):
        return response.status, dict(response.headers), await response.read()
