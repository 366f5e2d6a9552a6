"""`/site/trace.json` and `/site/trace.svg`: why the screen shows what it shows. Who may ask is the caller's."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.decision_view import Why
from beacon_gateway.presence.explain.trace_svg import STYLE
from beacon_gateway.presence.trace import LONGEST_TRACE

USUAL = 100
"""Decisions that are told when nothing is asked for."""


def trace_json(why: Why) -> Handler:
    """`?last=N`: so many decisions at most."""

    async def get(request: web.Request) -> web.StreamResponse:
        asked = request.query.get("last", str(USUAL))
        if not (asked.isascii() and asked.isdigit() and len(asked) <= 4 and int(asked) <= LONGEST_TRACE):
            raise web.HTTPBadRequest
        return web.json_response(why.told(int(asked)))

    return get


def trace_svg(why: Why, people: Callable[[web.Request], bool]) -> Handler:
    """`people`: whether who asks may see the samples of people's tags that are here."""

    async def get(request: web.Request) -> web.StreamResponse:
        return web.Response(text=why.picture(people=people(request)), content_type="image/svg+xml")

    return get


def trace_css() -> Handler:
    """Beside the picture, since our pages carry no style in themselves."""

    async def get(_: web.Request) -> web.StreamResponse:
        return web.Response(text=STYLE, content_type="text/css")

    return get
