"""Choose a reader's language: the requested one, else the remembered one, else the browser's."""

from aiohttp import web

from daemonkit.web import read_preference, set_preference
from kiosk_ui.languages import best_language
from sync_contract.strict_model import Language

_COOKIE = "language"
_A_YEAR_S = 365 * 24 * 3600


def language(request: web.Request) -> Language:
    requested = request.query.get("lang") or read_preference(request, _COOKIE)
    return best_language(requested, request.headers.get("Accept-Language", ""))


def remember(request: web.Request, response: web.Response) -> web.Response:
    """Remember an explicitly requested language for following pages, also after the bank's."""
    if request.query.get("lang") in list(Language):
        set_preference(request, response, _COOKIE, request.query["lang"], max_age=_A_YEAR_S)
    return response
