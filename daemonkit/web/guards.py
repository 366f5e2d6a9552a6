"""Check every request and add security headers to every response. Sources: OWASP ASVS 5.0, chapters 3 and 4."""

import time
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache

import structlog
from aiohttp import HttpVersion10, HttpVersion11, hdrs, web
from aiohttp.typedefs import Handler, Middleware

from daemonkit.host_address import is_loopback
from daemonkit.web.connections import Stage, set_stage
from daemonkit.web.problem import ErrorPage, build_error_response, refusal
from daemonkit.web.rate_limit import Buckets
from daemonkit.web.server_sent_events import SHUTDOWN, new_shutdown_event
from daemonkit.web.web_rules import RULES, WebRules, identify_client, route_pattern, security_headers

_log = structlog.get_logger()
_METHODS = ("GET", "HEAD", "POST")
_REFUSAL_EVENTS = {
    400: "request.invalid",
    401: "request.unauthenticated",
    403: "request.forbidden",
    413: "request.too_large",
    415: "request.unsupported_type",
    421: "request.misdirected",
    429: "request.too_many",
}
"""One log event per status, so that a flood of one does not hide another."""
_SINGLE_HEADERS = (hdrs.CONTENT_ENCODING, hdrs.ORIGIN, hdrs.AUTHORIZATION, "Sec-Fetch-Site")
"""Two values could be read differently by two readers; aiohttp refuses repeated framing headers itself."""
_CLIENT_ALWAYS_LOGGED = (421, 429)


def guarded_app(
    rules: WebRules, *, error_page: ErrorPage | None = None, middlewares: Iterable[Middleware] = ()
) -> web.Application:
    """Return an application behind the guards. `error_page` renders errors for people; programs get problem+json."""
    app = web.Application(middlewares=[_build_guard(rules, error_page), *middlewares], client_max_size=rules.body_limit)
    app[RULES] = rules
    app[SHUTDOWN] = new_shutdown_event(app)
    app.on_response_prepare.append(_header_signal(rules))
    return app


def _build_guard(rules: WebRules, error_page: ErrorPage | None) -> Middleware:
    buckets = Buckets(rules.requests_per_second, rules.burst)

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        set_stage(request, Stage.handling)
        try:
            _check(request, rules, buckets)
            response = await handler(request)
            if response is not None:  # aiohttp reports a handler that returned nothing
                _log_refusal(request, rules, response.status)
            return response
        except web.HTTPException as error:
            if error.status < 400:
                raise
            _log_refusal(request, rules, error.status)
            return build_error_response(request, error, error_page)
        except web.RequestPayloadError:  # only aiohttp's Python parser raises it; with its C parser the deadline passes
            return build_error_response(request, refusal(web.HTTPBadRequest, "the body is broken"), error_page)
        except Exception as error:
            if request.transport is None or request.transport.is_closing():
                raise ConnectionError("the client has left") from error  # aiohttp ends silently then
            _log.exception("request.failed", method=request.method, route=route_pattern(request))
            if request.writer.output_size > 0:
                raise ConnectionError("the response has already started") from error
            return build_error_response(request, refusal(web.HTTPInternalServerError), error_page)
        finally:
            set_stage(request, Stage.waiting)

    return guard


def _log_refusal(request: web.Request, rules: WebRules, status: int) -> None:
    event, client = _REFUSAL_EVENTS.get(status), identify_client(request, rules)
    if event is None or client in rules.unlogged:
        return
    named = status in _CLIENT_ALWAYS_LOGGED or request.path.startswith(rules.named)
    facts = {"client": client} if named else {}
    _log.warning(event, method=request.method[:20], route=route_pattern(request), **facts)


def _check(request: web.Request, rules: WebRules, buckets: Buckets) -> None:
    if request.version not in (HttpVersion10, HttpVersion11):  # aiohttp would serve 0.9 and 2.0 too
        raise refusal(web.HTTPBadRequest, "this server speaks HTTP/1.1")
    if request.method not in _METHODS:
        known = request.match_info.http_exception  # names the methods of this path
        raise (
            known if isinstance(known, web.HTTPMethodNotAllowed) else web.HTTPMethodNotAllowed(request.method, _METHODS)
        )
    if not _is_own_host(request, rules):
        raise refusal(web.HTTPMisdirectedRequest, "this server does not answer to that host name")
    is_limited = not request.raw_path.startswith(rules.exempt)
    if is_limited and (wait := buckets.take(identify_client(request, rules), time.monotonic())):
        busy = refusal(web.HTTPTooManyRequests)
        busy.headers["Retry-After"] = str(int(wait) + 1)
        raise busy
    for name in _SINGLE_HEADERS:
        if len(request.headers.getall(name, ())) > 1:
            raise refusal(web.HTTPBadRequest, f"{name} is repeated")
    if request.method == "POST" and not _is_open(request.path, rules.open_doors):
        if _is_unsigned_json(request) and not _names_our_port(request, rules):
            raise refusal(web.HTTPMisdirectedRequest, "this server does not listen on that port")
        if _is_cross_site(request, rules):
            raise refusal(web.HTTPForbidden, "sent from another site")


def _is_own_host(request: web.Request, rules: WebRules) -> bool:
    """Require exactly one Host header with one of our names: this defeats DNS rebinding."""
    hosts = request.headers.getall(hdrs.HOST, [])
    if len(hosts) != 1 or not request.raw_path.startswith("/"):  # absolute form is for proxies
        return False
    return _is_allowed(hosts[0], rules.allowed_hosts)


@lru_cache(maxsize=64)
def _is_allowed(header: str, allowed: frozenset[str]) -> bool:
    host = header.lower()
    name, colon, port = host.rpartition(":")
    return host in allowed or (bool(colon) and port.isdecimal() and name in allowed)


def _is_open(path: str, doors: frozenset[str]) -> bool:
    return path in doors or any(door.endswith("/") and path.startswith(door) for door in doors)


def _is_unsigned_json(request: web.Request) -> bool:
    """Return whether it is JSON without a credential that only a program attaches: no CSRF token protects it."""
    is_json = request.content_type == "application/json" or request.content_type.endswith("+json")
    return is_json and "Signature" not in request.headers and hdrs.AUTHORIZATION not in request.headers


def _names_our_port(request: web.Request, rules: WebRules) -> bool:
    """Return whether Host is a configured name as it is written there, or one with the port of this connection."""
    host = request.headers[hdrs.HOST].lower()
    local = request.transport.get_extra_info("sockname") if request.transport else None
    return host in rules.allowed_hosts or (isinstance(local, tuple) and host.rpartition(":")[2] == str(local[1]))


def _is_cross_site(request: web.Request, rules: WebRules) -> bool:
    """Read Sec-Fetch-Site where the browser sends it (https and loopback), and Origin.

    Our own forms send `Origin: null`, because of our `Referrer-Policy: no-referrer`; their CSRF token decides then.
    JSON has no such token: a script of our own pages sends its origin (Fetch standard, "append a request `Origin`
    header").
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    origin = request.headers.get(hdrs.ORIGIN, "").lower()
    if origin in ("", "null"):
        return origin == "null" and _is_unsigned_json(request)
    scheme, _, host = origin.partition("://")
    own = request.headers[hdrs.HOST].lower()
    schemes = ("https", "http") if rules.https and is_loopback(own.rpartition(":")[0] or own) else (rules.scheme,)
    return host != own or scheme not in schemes


def _is_text(media_type: str) -> bool:
    """Without a charset a browser may guess a wrong one (ASVS 5.0, 4.1.1)."""
    return media_type.startswith("text/") or media_type.endswith(("+xml", "/xml"))


def _header_signal(rules: WebRules) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return the on_response_prepare signal that adds the headers, also to event streams and errors."""
    fixed = security_headers(rules)
    cache = fixed.pop("Cache-Control")

    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers.update(fixed)
        if response.charset is None and _is_text(response.content_type):
            response.charset = "utf-8"
        headers.setdefault("Cache-Control", cache)
        headers.pop("Server", None)

    return add_headers
