"""`/check-in`: the code that proves a place to the central server. Nobody's name reaches this device."""

import math
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.responder import Responder
from beacon_gateway.model.check_in import ShownCode
from kiosk_ui.check_in_views import MAX_TURNS, CheckInPage

ShowCode = Callable[[], ShownCode | None]
"""Returns the code of this period; None while none is valid."""
RETRY_S = 30.0
MARGIN_S = 0.05
"""After a period's end the next code is shown: a timer may fire a little early."""


def check_in_view(shown: ShownCode | None, turn: int = 0) -> CheckInPage:
    if shown is None:
        return CheckInPage("", math.ceil(RETRY_S), turn)
    return CheckInPage(shown.url, math.ceil(shown.remaining_s), turn)


def seconds_to_next(shown: ShownCode | None) -> float:
    return RETRY_S if shown is None else shown.remaining_s + MARGIN_S


def check_in_page(responder: Responder, show_code: ShowCode) -> Handler:
    """Serve the page; `?turn=` counts the codes that a browser without JavaScript opened by itself."""

    async def get(request: web.Request) -> web.StreamResponse:
        asked = request.query.get("turn", "")
        turn = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0
        return responder.render_page(request, check_in_view(show_code(), min(turn, MAX_TURNS)), path="/check-in")

    return get
