"""`/project/<id>/amount`: quick picks; with `?digits=` the number pad, whose keys are links without JavaScript.

`asked`: the typed amount was submitted and refused; the page says why and keeps the digits.
"""

import secrets

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Giving, Projects
from beacon_gateway.kiosk.pages.attract import is_unpaid
from beacon_gateway.kiosk.pages.project import project_view
from beacon_gateway.kiosk.responder import SESSION, Responder
from beacon_gateway.kiosk.sessions import Sessions
from kiosk_ui import keypad
from kiosk_ui.giving_views import AmountPage
from kiosk_ui.notice_views import NoticeKind, NoticePage


def amount_page(responder: Responder, sessions: Sessions, projects: Projects, giving: Giving) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        project = projects.get(request.match_info["project"])
        if project is None:
            return responder.render_page(request, NoticePage(NoticeKind.project_unknown), 404)
        view = project_view(project, projects)
        if not view.open:
            return responder.render_page(request, view, 409)
        digits = request.query.get("digits")
        typed = None if digits is None else keypad.clean_digits(digits)
        pending = is_unpaid(sessions.pending_gift(request[SESSION]), giving)
        page = AmountPage(project, secrets.token_urlsafe(16), typed, "asked" in request.query, pending)
        return responder.render_page(request, page)

    return get
