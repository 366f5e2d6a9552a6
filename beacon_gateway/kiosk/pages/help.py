"""`/help`, `/help/phone`, `/contact`, `/privacy`: pages that are the same for everybody."""

from dataclasses import replace

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.responder import Responder
from kiosk_ui.back_link import back_path
from kiosk_ui.help_views import ContactPage, HelpPage, PhoneHelpPage, PrivacyPage


def fixed_page(responder: Responder, view: HelpPage | PhoneHelpPage | ContactPage | PrivacyPage) -> Handler:
    """Serve `view`; `?back=` sets where its back button leads."""

    async def get(request: web.Request) -> web.StreamResponse:
        back = request.query.get("back")
        shown = view if back is None else replace(view, back=back_path(back, view.back))
        return responder.render_page(request, shown)

    return get
