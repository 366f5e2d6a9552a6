"""`/project/<id>/amount`: quick picks; with `?digits=` the number pad, one GET a key when there is no JavaScript.

`asked`: the amount was to be given, and cannot be: the page says why, and keeps the digits.
"""

import secrets

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Projects
from beacon_gateway.kiosk.pages.project import project_view
from beacon_gateway.kiosk.responder import Answer
from kiosk_ui import keypad
from kiosk_ui.giving_views import AmountPage
from kiosk_ui.notice_views import NoticeKind, NoticePage


def amount_page(answer: Answer, projects: Projects) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        project = projects.get(request.match_info["project"])
        if project is None:
            return answer.page(request, NoticePage(NoticeKind.project_unknown), 404)
        view = project_view(project, projects)
        if not view.open:
            return answer.page(request, view, 409)
        digits = request.query.get("digits")
        typed = None if digits is None else keypad.read(digits)
        asked = "asked" in request.query
        return answer.page(request, AmountPage(project, secrets.token_urlsafe(16), typed, asked))

    return get
