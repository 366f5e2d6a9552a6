"""`/contact`: a number to call from the phone that one holds. Nothing is counted and nothing kept."""

from dataclasses import replace

from aiohttp import web

from central_server.language import language, remember
from kiosk_ui.back import back_to
from kiosk_ui.render import Pages
from kiosk_ui.views import ContactPage


def contact_routes(pages: Pages, contact: ContactPage) -> list[web.RouteDef]:
    async def show(request: web.Request) -> web.Response:
        """`?back=`: the page on which somebody asked."""
        view = replace(contact, back=back_to(request.query.get("back", ""), "/s"))
        html = pages.html(view, language(request), path=request.path_qs)
        return remember(request, web.Response(text=html, content_type="text/html"))

    return [web.get("/contact", show)]
