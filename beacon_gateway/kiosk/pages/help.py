"""`/help`, `/help/phone`, `/contact`, `/privacy`: how to give, whom to ask, what is kept."""

from dataclasses import replace

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.responder import Answer
from kiosk_ui.back_link import back_to
from kiosk_ui.help_views import ContactPage, HelpPage, PhoneHelpPage, PrivacyPage


def fixed(answer: Answer, view: HelpPage | PhoneHelpPage | ContactPage | PrivacyPage) -> Handler:
    """A page that is the same for everybody, but for the way back: to where its reader came from (`?back=`)."""

    async def get(request: web.Request) -> web.StreamResponse:
        back = request.query.get("back")
        return answer.kept(request, view if back is None else replace(view, back=back_to(back, view.back)))

    return get
