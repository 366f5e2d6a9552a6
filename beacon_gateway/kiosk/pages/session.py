"""POST `/language` and POST `/next`: what a resident changes of the session, and its end."""

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.answer import SESSION, Answer, see_other
from beacon_gateway.kiosk.sessions import Sessions
from sync_contract.strict import Language


def choose_language(answer: Answer) -> Handler:
    """Then back to the page that it was chosen on; never to another site."""

    async def post(request: web.Request) -> web.StreamResponse:
        form = await answer.form(request)
        if form.get("language") in list(Language):
            request[SESSION].language = Language(form["language"])
        back = form.get("back", "/")
        ours = back.startswith("/") and back.isascii() and back.isprintable() and back[1:2] not in ("/", "\\")
        return see_other(back if ours else "/")

    return post


def next_person(answer: Answer, sessions: Sessions) -> Handler:
    """Forget the session whole: its gift, its language, its id."""

    async def post(request: web.Request) -> web.StreamResponse:
        await answer.form(request)
        sessions.drop(request[SESSION])
        request[SESSION] = sessions.open()
        return see_other("/")

    return post
