"""How an error is told: problem+json (RFC 9457) to programs, a page to people."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

ErrorPage = Callable[[web.Request, int], web.Response]
PROBLEM = "application/problem+json"
_KEPT = ("Allow", "Retry-After", "WWW-Authenticate")


def problem(status: int, title: str, detail: str = "", **extra: Any) -> web.Response:  # noqa: ANN401  (any JSON value)
    """A problem document; `extra` members stand beside the standard ones."""
    return web.Response(status=status, text=document(status, title, detail, extra), content_type=PROBLEM)


def refusal(kind: type[web.HTTPError], detail: str = "", **extra: Any) -> web.HTTPError:  # noqa: ANN401  (as above)
    """The exception to raise for a refused request; it carries its problem document."""
    title = HTTPStatus(kind.status_code).phrase
    return kind(text=document(kind.status_code, title, detail, extra), content_type=PROBLEM)


def told(request: web.Request, error: web.HTTPException, page: ErrorPage | None) -> web.Response:
    """The response for a raised HTTP error: a page for people; a problem document under /api/ or without a page."""
    if page is not None and not request.path.startswith("/api/"):
        response = page(request, error.status)
        response.set_status(error.status)
    elif error.content_type == PROBLEM:
        response = web.Response(status=error.status, text=error.text, content_type=PROBLEM)
    else:
        response = problem(error.status, error.reason)
    for name in _KEPT:
        if name in error.headers:
            response.headers[name] = error.headers[name]
    return response


def document(status: int, title: str, detail: str, extra: dict[str, Any]) -> str:
    document = {"type": "about:blank", "title": title, "status": status}
    return json.dumps(document | ({"detail": detail} if detail else {}) | extra, ensure_ascii=False)
