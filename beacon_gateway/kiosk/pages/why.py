"""`/site/trace.json` and `/site/trace.svg`: why the screen shows what it shows. On this device only."""

from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.why import Why
from beacon_gateway.presence.explain.picture import STYLE
from beacon_gateway.presence.trace import LONGEST_TRACE

USUAL = 100
"""Decisions that are told when nothing is asked for."""


def trace_json(why: Why) -> Handler:
    """`?last=N`: so many decisions at most."""

    async def get(request: web.Request) -> web.StreamResponse:
        _on_this_device(request)
        asked = request.query.get("last", str(USUAL))
        if not (asked.isascii() and asked.isdigit() and len(asked) <= 4 and int(asked) <= LONGEST_TRACE):
            raise web.HTTPBadRequest
        return web.json_response(why.told(int(asked)))

    return get


def trace_svg(why: Why) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        _on_this_device(request)
        return web.Response(text=why.picture(), content_type="image/svg+xml")

    return get


def trace_css() -> Handler:
    """Beside the picture, since our pages carry no style in themselves."""

    async def get(request: web.Request) -> web.StreamResponse:
        _on_this_device(request)
        return web.Response(text=STYLE, content_type="text/css")

    return get


def _on_this_device(request: web.Request) -> None:
    """Raises HTTPNotFound for anybody else, and for whoever asks through a proxy."""
    remote = (request.remote or "").partition("%")[0]
    local = request.transport.get_extra_info("sockname") if request.transport else None
    try:
        here = ip_address(remote).is_loopback or (isinstance(local, tuple) and local[0] == remote)
    except ValueError:
        here = False
    if not here or "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        raise web.HTTPNotFound
