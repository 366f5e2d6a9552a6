"""How every page answers: with a view in the session's language, its cookie, and its CSRF token."""

from collections.abc import Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import MultiDict

from beacon_gateway.kiosk.page_cache import Kept
from beacon_gateway.kiosk.sessions import Session, Sessions
from daemonkit.web import Answers, Ready, Shortcut, WebRules, read_form
from kiosk_ui.hall_views import News
from kiosk_ui.languages import best_language
from kiosk_ui.notice_views import NoticeKind, NoticePage
from kiosk_ui.render import Pages
from kiosk_ui.views import View

COOKIE = "kiosk_session"
_ALONE = f"{COOKIE}="
HTML = "text/html; charset=utf-8"
SESSION = web.RequestKey("session", Session)
NO_SESSION = ("/static/", "/voices/", "/api/", "/healthz", "/alive")
_NOTICES = {404: NoticeKind.not_found, 429: NoticeKind.busy, 503: NoticeKind.busy, 403: NoticeKind.form_expired}


class Answer:
    """`pages` render, `rules` guard the forms, `sessions` remember."""

    def __init__(self, pages: Pages, rules: WebRules, sessions: Sessions) -> None:
        self._pages = pages
        self._rules = rules
        self._sessions = sessions
        self._kept = Kept(pages)
        self._answers = Answers(rules, HTML)

    def kept(self, request: web.Request, view: View) -> web.StreamResponse:
        """As `page`, from memory where it can be: for views that are nobody's own."""
        if request.method != "GET" or request.rel_url.raw_query_string:  # of queries there is no end
            return self.page(request, view)
        session = request[SESSION]
        html = self._kept_html(view, session, request.path_qs)
        return self._answers.answer(request, html, _cookie_for(session, _told(request)))

    def shortcut(self, path: str, view: Callable[[Session], View]) -> Shortcut:
        """As `remember` and `kept` together, before the router."""

        def ready(request: web.Request) -> Ready:
            told = _told(request)
            session = self._sessions.of(told)
            html = self._kept_html(view(session), session, path)
            return self._answers.ready(html, _cookie_for(session, told))

        return ready

    def _kept_html(self, view: View, session: Session, path: str) -> bytes:
        return self._kept.html(view, session.language, csrf=session.csrf, path=path, look=session.look)

    def page(self, request: web.Request, view: View, status: int = 200, *, path: str = "") -> web.Response:
        """`path`: where one comes back to in another language, if not to what was asked for."""
        session = request[SESSION]
        path = path or (request.path_qs if request.method == "GET" else "/")
        html = self._pages.html(view, session.language, csrf=session.csrf, path=path, look=session.look)
        return _html(html.encode(), status)

    def part(self, request: web.Request, view: View) -> str:
        """What stands inside <main>, for `/live`."""
        session = request[SESSION]
        return self._pages.part(view, session.language, csrf=session.csrf, look=session.look)

    def kept_part(self, request: web.Request, view: View, about: str) -> str:
        """As `part`, from memory: for views that are nobody's own. `about`: what tells those apart that take turns."""
        session = request[SESSION]
        return self._kept.part(view, session.language, csrf=session.csrf, about=about, look=session.look)

    def news(self, request: web.Request, news: News | None) -> str:
        """What stands in the banner of a waiting scene."""
        return self._pages.news(news, request[SESSION].language)

    def now(self) -> float:
        """Monotonic seconds, as the sessions count them."""
        return self._sessions.now()

    async def form(self, request: web.Request) -> MultiDict[str]:
        """The fields of one of our own forms. Raises HTTP errors, 403 when it is not of this session."""
        session = request[SESSION]
        return await read_form(request, self._rules, session.id, token=session.csrf)

    def error(self, request: web.Request, status: int) -> web.Response:
        """The page for an error, wherever it arose; perhaps before there was a session."""
        kind = _NOTICES.get(status, NoticeKind.fault if status >= 500 else NoticeKind.not_found)
        session = request.get(SESSION) or self._sessions.find(_told(request))
        if session is None:
            language = best_language(None, request.headers.get("Accept-Language", ""), self._sessions.default)
            return _html(self._pages.html(NoticePage(kind), language).encode(), status)
        html = self._pages.html(NoticePage(kind), session.language, csrf=session.csrf, look=session.look)
        return _html(html.encode(), status)

    @web.middleware
    async def remember(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Give every page its session; the cookie goes out with the response."""
        if not request.path.startswith(NO_SESSION):
            request[SESSION] = self._sessions.of(_told(request))
        return await handler(request)

    async def set_cookie(self, request: web.Request, response: web.StreamResponse) -> None:
        """A signal for on_response_prepare: an event stream needs the cookie too, before its first octet.

        By hand, for aiohttp has written `response.cookies` into the headers when the signal comes. A kept page that
        could not go out from memory carries it already.
        """
        session, headers = request.get(SESSION), response.headers
        cookie = "" if session is None else _cookie_for(session, _told(request))
        if cookie and cookie not in headers.getall(hdrs.SET_COOKIE, ()):
            headers.add(hdrs.SET_COOKIE, cookie)


def _told(request: web.Request) -> str:
    """The session that the request's cookie names; most browsers of ours send nothing else, which costs no parsing."""
    header = request.headers.get(hdrs.COOKIE, "")
    if header.startswith(_ALONE) and (named := header[len(_ALONE) :]).isalnum():
        return named
    return request.cookies.get(COOKIE, "") if header else ""


def _cookie_for(session: Session, told: str) -> str:
    """The value of Set-Cookie; empty for a browser that has it."""
    return "" if told == session.id else f"{COOKIE}={session.id}; Path=/; HttpOnly; SameSite=Strict"


def see_other(path: str) -> web.Response:
    """303: the browser goes there with GET."""
    return web.Response(status=303, headers={"Location": path})


def _html(octets: bytes, status: int) -> web.Response:
    return web.Response(body=octets, status=status, headers={"Content-Type": HTML})
