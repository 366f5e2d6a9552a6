"""Render every response in the session's language and display, with its cookie and CSRF token."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import MultiDict

from beacon_gateway.donations.ports import RecalledGift
from beacon_gateway.kiosk.client_origin import ClientOrigin
from beacon_gateway.kiosk.sessions import Session, Sessions
from daemonkit.web import WebRules, csrf_token, read_form
from kiosk_ui.hall_views import News
from kiosk_ui.languages import best_language
from kiosk_ui.notice_views import NoticeKind, NoticePage
from kiosk_ui.render import Pages
from kiosk_ui.views import View
from sync_contract.strict_model import Language

COOKIE = "kiosk_session"
GIFT_COOKIE = "kiosk_gift"
Recall = Callable[[str], Awaitable[RecalledGift | None]]
"""Returns the gift of an intent from the store."""
SESSION = web.RequestKey("session", Session)
_ATTRIBUTES = "Path=/; HttpOnly; SameSite=Strict"
_WITHOUT_SESSION = ("/static/", "/voices/", "/api/", "/healthz", "/metrics", "/alive")
_NOTICES = {404: NoticeKind.not_found, 429: NoticeKind.busy, 503: NoticeKind.busy, 403: NoticeKind.form_expired}


class Responder:
    """`pages` renders, `rules` guards the forms, `sessions` stores the visitors at the screen.

    `classify`: other devices have sessions of their own, so that they can displace no visitor. `recall`: finds the gift
    of a session from before a restart.
    """

    def __init__(
        self,
        pages: Pages,
        rules: WebRules,
        sessions: Sessions,
        classify: Callable[[web.Request], ClientOrigin],
        recall: Recall,
    ) -> None:
        self._pages = pages
        self._rules = rules
        self._sessions = sessions
        self._classify = classify
        self._recall = recall
        self._others = Sessions(sessions.default, pages.default_display)

    def render_page(self, request: web.Request, view: View, status: int = 200, *, path: str = "") -> web.Response:
        """Return the view's page. `path`: where another language leads back to, if not to the requested path."""
        session = request[SESSION]
        path = path or (request.path_qs if request.method == "GET" else "/")
        return _html(self._render(view, session, path), status)

    def render_main(self, request: web.Request, view: View) -> str:
        """Return the content of <main> for `/live`."""
        session = request[SESSION]
        token = csrf_token(self._rules, session.id)
        return self._pages.render_main(view, session.language, csrf=token, display=session.display)

    def render_news(self, request: web.Request, news: News | None) -> str:
        """Return the content of the banner for a waiting scene."""
        return self._pages.render_news(news, request[SESSION].language)

    def _render(self, view: View, session: Session, path: str) -> str:
        token = csrf_token(self._rules, session.id)
        return self._pages.render_page(view, session.language, csrf=token, path=path, display=session.display)

    def now(self) -> float:
        """Return the sessions' clock, monotonic seconds."""
        return self._sessions.now()

    async def read_form(self, request: web.Request) -> MultiDict[str]:
        """Return the fields of one of our own forms. Raises HTTP errors, 403 when it is not of this session."""
        session = request[SESSION]
        return await read_form(request, self._rules, session.id)

    def render_error(self, request: web.Request, status: int) -> web.Response:
        """Return the page for an error, which may have occurred before the request had a session."""
        kind = _NOTICES.get(status, NoticeKind.fault if status >= 500 else NoticeKind.not_found)
        session = request.get(SESSION) or self._sessions_of(request).find(_session_id(request))
        if session is None:
            return _html(self._pages.render_page(NoticePage(kind), self._preferred_language(request)), status)
        return _html(self._render(NoticePage(kind), session, "/"), status)

    @web.middleware
    async def attach_session(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Give every page request its session."""
        if not request.path.startswith(_WITHOUT_SESSION):
            sessions = self._sessions_of(request)
            known = sessions.find(_session_id(request)) or await self._recover(request, sessions)
            request[SESSION] = session = known or sessions.open()
            if sessions is self._others:  # they have no page on which to choose it
                session.language = self._preferred_language(request)
        return await handler(request)

    async def _recover(self, request: web.Request, sessions: Sessions) -> Session | None:
        """Return the request's session from before a restart, with its gift if the store still has it."""
        session = sessions.recover(_session_id(request))
        if session is not None and (intent := sessions.read_gift(session, request.cookies.get(GIFT_COOKIE, ""))):
            found = await self._recall(intent)
            if found is not None:
                session.gift, session.gift_at = found.gift, self.now() - found.age_s
                session.touched_at = self.now()
        return session

    def _preferred_language(self, request: web.Request) -> Language:
        return best_language(None, request.headers.get("Accept-Language", ""), self._sessions.default)

    def _sessions_of(self, request: web.Request) -> Sessions:
        return self._sessions if self._classify(request) is ClientOrigin.device else self._others

    async def set_cookie(self, request: web.Request, response: web.StreamResponse) -> None:
        """Set the session's cookies in on_response_prepare: an event stream needs them before its first byte.

        It writes the header itself: when this signal comes, aiohttp has already written `response.cookies`.
        """
        session = request.get(SESSION)
        if session is None:
            return
        if session.id != _session_id(request):
            response.headers.add(hdrs.SET_COOKIE, f"{COOKIE}={session.id}; {_ATTRIBUTES}")
        gift = self._sessions_of(request).sign_gift(session)
        if gift != request.cookies.get(GIFT_COOKIE, ""):
            ended = "" if gift else "; Max-Age=0"
            response.headers.add(hdrs.SET_COOKIE, f"{GIFT_COOKIE}={gift}; {_ATTRIBUTES}{ended}")


def _session_id(request: web.Request) -> str:
    return request.cookies.get(COOKIE, "")


def see_other(path: str) -> web.Response:
    """Return a 303: the browser opens `path` with GET."""
    return web.Response(status=303, headers={"Location": path})


def _html(html: str, status: int) -> web.Response:
    return web.Response(text=html, status=status, content_type="text/html")
