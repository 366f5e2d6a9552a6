"""`/help`, `/help/phone`, `/contact`, `/privacy`: how to give, whom to ask, what is kept."""

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.answer import Answer
from kiosk_ui.views import View


def fixed(answer: Answer, view: View) -> Handler:
    """A page that is the same for everybody."""

    async def get(request: web.Request) -> web.StreamResponse:
        return answer.kept(request, view)

    return get
