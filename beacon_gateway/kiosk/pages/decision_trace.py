"""`/site/trace.json`, `/site/trace.svg` and its stylesheet: the decisions on the scene. The caller checks access."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.decision_view import Why
from beacon_gateway.presence.explain.trace_svg import STYLE
from beacon_gateway.presence.trace import MAX_DECISIONS

DEFAULT_DECISIONS = 100


def trace_json(why: Why) -> Handler:
    """`?last=N`: at most so many decisions."""

    async def get(request: web.Request) -> web.StreamResponse:
        last = request.query.get("last", str(DEFAULT_DECISIONS))
        if not (last.isascii() and last.isdigit() and len(last) <= 4 and int(last) <= MAX_DECISIONS):
            raise web.HTTPBadRequest
        return web.json_response(why.build_trace_response(int(last)))

    return get


def trace_svg(why: Why, may_see_people: Callable[[web.Request], bool]) -> Handler:
    """`may_see_people`: whether the client may see the samples of people's tags that are present."""

    async def get(request: web.Request) -> web.StreamResponse:
        return web.Response(text=why.draw_picture(people=may_see_people(request)), content_type="image/svg+xml")

    return get


def trace_css() -> Handler:
    """The picture's stylesheet is a separate file, as the security policy forbids inline styles."""

    async def get(_: web.Request) -> web.StreamResponse:
        return web.Response(text=STYLE, content_type="text/css")

    return get
