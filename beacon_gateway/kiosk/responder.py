"""Render every response in the session's language and display, with its cookie and CSRF token."""

from collections.abc import Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import MultiDict

from beacon_gateway.kiosk.client_origin import ClientOrigin
from beacon_gateway.kiosk.sessions import Session, Sessions
from daemonkit.web import WebRules, read_form
from kiosk_ui.hall_views import News
from kiosk_ui.languages import best_language
from kiosk_ui.notice_views import NoticeKind, NoticePage
from kiosk_ui.render import Pages
from kiosk_ui.views import View
from sync_contract.strict_model import Language

COOKIE = "kiosk_session"
SESSION = web.RequestKey("session", Session)
_WITHOUT_SESSION = ("/static/", "/voices/", "/api/", "/healthz", "/alive")
_NOTICES = {404: NoticeKind.not_found, 429: NoticeKind.busy, 503: NoticeKind.busy, 403: NoticeKind.form_expired}


class Responder:
    """`pages` renders, `rules` guards the forms, `sessions` stores the visitors at the screen.

    `classify`: other devices have sessions of their own, so that they can displace no visitor.
    """

    def __init__(
        self, pages: Pages, rules: WebRules, sessions: Sessions, classify: Callable[[web.Request], ClientOrigin]
    ) -> None:
        self._pages = pages
        self._rules = rules
        self._sessions = sessions
        self._classify = classify
        self._others = Sessions(sessions.default, pages.default_display)

    def render_page(self, request: web.Request, view: View, status: int = 200, *, path: str = "") -> web.Response:
        """Return the view's page. `path`: where another language leads back to, if not to the requested path."""
        session = request[SESSION]
        path = path or (request.path_qs if request.method == "GET" else "/")
        html = self._pages.render_page(view, session.language, csrf=session.csrf, path=path, display=session.display)
        return _html(html, status)

    def render_main(self, request: web.Request, view: View) -> str:
        """Return the content of <main> for `/live`."""
        session = request[SESSION]
        return self._pages.render_main(view, session.language, csrf=session.csrf, display=session.display)

    def render_news(self, request: web.Request, news: News | None) -> str:
        """Return the content of the banner for a waiting scene."""
        return self._pages.render_news(news, request[SESSION].language)

    def now(self) -> float:
        """Return the sessions' clock, monotonic seconds."""
        return self._sessions.now()

    async def read_form(self, request: web.Request) -> MultiDict[str]:
        """Return the fields of one of our own forms. Raises HTTP errors, 403 when it is not of this session."""
        session = request[SESSION]
        return await read_form(request, self._rules, session.id, token=session.csrf)

    def render_error(self, request: web.Request, status: int) -> web.Response:
        """Return the page for an error, which may have occurred before the request had a session."""
        kind = _NOTICES.get(status, NoticeKind.fault if status >= 500 else NoticeKind.not_found)
        session = request.get(SESSION) or self._sessions_of(request).find(_session_id(request))
        if session is None:
            return _html(self._pages.render_page(NoticePage(kind), self._preferred_language(request)), status)
        html = self._pages.render_page(NoticePage(kind), session.language, csrf=session.csrf, display=session.display)
        return _html(html, status)

    @web.middleware
    async def attach_session(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Give every page request its session."""
        if not request.path.startswith(_WITHOUT_SESSION):
            sessions = self._sessions_of(request)
            request[SESSION] = session = sessions.find_or_open(_session_id(request))
            if sessions is self._others:  # they have no page on which to choose it
                session.language = self._preferred_language(request)
        return await handler(request)

    def _preferred_language(self, request: web.Request) -> Language:
        return best_language(None, request.headers.get("Accept-Language", ""), self._sessions.default)

    def _sessions_of(self, request: web.Request) -> Sessions:
        return self._sessions if self._classify(request) is ClientOrigin.device else self._others

    async def set_cookie(self, request: web.Request, response: web.StreamResponse) -> None:
        """Set the session cookie in on_response_prepare: an event stream needs it before its first byte.

        It writes the header itself: when this signal comes, aiohttp has already written `response.cookies`.
        """
        session = request.get(SESSION)
        if session is not None and session.id != _session_id(request):
            response.headers.add(hdrs.SET_COOKIE, f"{COOKIE}={session.id}; Path=/; HttpOnly; SameSite=Strict")


def _session_id(request: web.Request) -> str:
    return request.cookies.get(COOKIE, "")


def see_other(path: str) -> web.Response:
    """Return a 303: the browser opens `path` with GET."""
    return web.Response(status=303, headers={"Location": path})


def _html(html: str, status: int) -> web.Response:
    return web.Response(text=html, status=status, content_type="text/html")
