"""What every request must pass, and what every response carries. Sources: OWASP ASVS 5.0 chapters 3 and 4."""

from collections.abc import Awaitable, Callable, Iterable

import structlog
from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.typedefs import Handler, Middleware

from daemonkit.web.connections import Stage, set_stage
from daemonkit.web.host_and_rate_gate import Gate
from daemonkit.web.problem import ErrorPage, refusal, told
from daemonkit.web.server_sent_events import CLOSING, new_closing
from daemonkit.web.shortcuts import SHORTCUTS, Shortcuts
from daemonkit.web.web_rules import RULES, WebRules, client, dress, route

_log = structlog.get_logger()
_METHODS = ("GET", "HEAD", "POST")
_TURNED_AWAY = {
    400: "request.unfit",
    401: "request.unproved",
    403: "request.forbidden",
    413: "request.too_large",
    415: "request.other_form",
    421: "request.misdirected",
    429: "request.too_many",
}
"""What is logged of whoever meets a guard; each by its own name, so that a flood of one hides no other."""
_ALWAYS_NAMED = (421, 429)


def guarded_app(
    rules: WebRules, *, error_page: ErrorPage | None = None, middlewares: Iterable[Middleware] = ()
) -> web.Application:
    """An application behind the guards. `error_page` renders errors for people; programs get problem+json."""
    gate = Gate(rules)
    guard = _guard(rules, gate, error_page)
    app = web.Application(middlewares=[guard, *middlewares], client_max_size=rules.body_limit)
    app[RULES] = rules
    app[SHORTCUTS] = Shortcuts(gate)
    app[CLOSING] = new_closing(app)
    app.on_response_prepare.append(_dress(rules))
    return app


def _guard(rules: WebRules, gate: Gate, error_page: ErrorPage | None) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        set_stage(request, Stage.handling)
        try:
            _check(request, rules, gate)
            answer = await handler(request)
            if answer is not None:  # a handler may forget to answer: aiohttp says so
                _note(request, rules, answer.status)
            return answer
        except web.HTTPException as error:
            if error.status < 400:
                raise
            _note(request, rules, error.status)
            return told(request, error, error_page)
        except web.RequestPayloadError:  # from the parser in Python; the one in C lets the deadline pass
            return told(request, refusal(web.HTTPBadRequest, "the body is broken"), error_page)
        except Exception as error:
            if request.transport is None or request.transport.is_closing():
                raise ConnectionError("the client has left") from error  # aiohttp then ends in silence
            _log.exception("request.failed", method=request.method, route=route(request))
            if request.writer.output_size > 0:
                raise ConnectionError("the response has begun already") from error
            return told(request, refusal(web.HTTPInternalServerError), error_page)
        finally:
            set_stage(request, Stage.waiting)

    return guard


def _note(request: web.Request, rules: WebRules, status: int) -> None:
    event, asked = _TURNED_AWAY.get(status), client(request, rules)
    if event is None or asked in rules.unlogged:
        return
    named = status in _ALWAYS_NAMED or request.path.startswith(rules.named)
    _log.warning(event, method=request.method[:20], route=route(request), **({"client": asked} if named else {}))


def _check(request: web.Request, rules: WebRules, gate: Gate) -> None:
    if request.version not in (HttpVersion10, HttpVersion11):
        raise refusal(web.HTTPBadRequest, "HTTP/1.1 is spoken here")  # aiohttp would serve 0.9 and 2.0 just the same
    if request.method not in _METHODS:
        known = request.match_info.http_exception  # says which of them this path has
        raise (
            known if isinstance(known, web.HTTPMethodNotAllowed) else web.HTTPMethodNotAllowed(request.method, _METHODS)
        )
    if not gate.knows_host(request):
        raise refusal(web.HTTPMisdirectedRequest, "this server does not answer to that host name")
    if wait := gate.wait_s(request):
        busy = refusal(web.HTTPTooManyRequests)
        busy.headers["Retry-After"] = str(int(wait) + 1)
        raise busy
    if request.method == "POST" and not _is_open(request.path, rules.open_doors) and _from_elsewhere(request):
        raise refusal(web.HTTPForbidden, "sent from another site")


def _is_open(path: str, doors: frozenset[str]) -> bool:
    return path in doors or any(door.endswith("/") and path.startswith(door) for door in doors)


def _from_elsewhere(request: web.Request) -> bool:
    """Sec-Fetch-Site where the browser sends it (https and loopback), else Origin.

    Our own forms come with `Origin: null`, for we send `Referrer-Policy: no-referrer`; their CSRF token decides then.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin", "null").lower()
    return origin != "null" and origin.partition("://")[2] != request.headers["Host"].lower()


def _is_text(media_type: str) -> bool:
    """A browser may guess at its letters, and be led to read others than were meant (ASVS 5.0, 4.1.1)."""
    return media_type.startswith("text/") or media_type.endswith(("+xml", "/xml"))


def _dress(rules: WebRules) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Also on event streams and on errors: what a response carries as its headers are sent."""
    worn = dress(rules)
    cache = worn.pop("Cache-Control")

    async def dress_up(request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers.update(worn)
        if response.charset is None and _is_text(response.content_type):
            response.charset = "utf-8"
        headers.setdefault("Cache-Control", cache)
        headers.pop("Server", None)

    return dress_up
