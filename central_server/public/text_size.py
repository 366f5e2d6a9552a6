"""How large a phone's pages are printed: as asked for, else as asked for before.

The wish lies in a cookie of the session that only a touch on 「大字」 sets: it is what was asked for, and ends with it.
"""

from aiohttp import web

from daemonkit.web import keep_wish, read_wish
from kiosk_ui.display_preferences import TextSize

_COOKIE = "text"


def text_size(request: web.Request) -> TextSize:
    asked = request.query.get("text") or read_wish(request, _COOKIE)
    return TextSize(asked) if asked in list(TextSize) else TextSize.usual


def remember_size(request: web.Request, response: web.Response) -> web.Response:
    if request.query.get("text") in list(TextSize):
        keep_wish(request, response, _COOKIE, request.query["text"])
    return response
