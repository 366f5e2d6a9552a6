"""`/comfort` and POST `/next`: what a resident changes of the session, and its end."""

from dataclasses import replace
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.responder import SESSION, Answer, see_other
from beacon_gateway.kiosk.sessions import Sessions
from kiosk_ui.back_link import back_to
from kiosk_ui.display_preferences import TextSize, Theme
from kiosk_ui.help_views import ComfortPage
from sync_contract.strict_model import Language


def comfort_page(answer: Answer) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        return answer.page(request, ComfortPage(request[SESSION].look, back_to(request.query.get("back", "/"))))

    return get


def choose_comfort(answer: Answer) -> Handler:
    """POST: language, size of text, colours, reading aloud; then back, never to another site.

    A choice of look stays on its page, where its effect is seen.
    """

    async def post(request: web.Request) -> web.StreamResponse:
        form = await answer.form(request)
        session, back = request[SESSION], back_to(form.get("back", "/"))
        if form.get("language") in list(Language):
            session.language = Language(form["language"])
            return see_other(back)
        if form.get("text") in list(TextSize):
            session.look = replace(session.look, text=TextSize(form["text"]))
        if form.get("theme") in list(Theme):
            session.look = replace(session.look, theme=Theme(form["theme"]))
        if form.get("aloud") in ("yes", "no"):
            session.look = replace(session.look, aloud=form["aloud"] == "yes")
        return see_other(f"/comfort?back={quote(back)}")

    return post


def next_person(answer: Answer, sessions: Sessions) -> Handler:
    """Forget the session whole: its gift, its language, its id."""

    async def post(request: web.Request) -> web.StreamResponse:
        await answer.form(request)
        sessions.drop(request[SESSION])
        request[SESSION] = sessions.open()
        return see_other("/")

    return post
