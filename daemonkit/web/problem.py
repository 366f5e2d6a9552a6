"""Error responses: problem+json (RFC 9457) for programs, a page for people."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

ErrorPage = Callable[[web.Request, int], web.Response]
PROBLEM = "application/problem+json"
_COPIED_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


def problem(status: int, title: str, detail: str = "", **extra: Any) -> web.Response:  # noqa: ANN401  (any JSON value)
    """Return a problem document; `extra` members are added to the standard ones."""
    return web.Response(status=status, text=problem_document(status, title, detail, extra), content_type=PROBLEM)


def refusal(kind: type[web.HTTPError], detail: str = "", **extra: Any) -> web.HTTPError:  # noqa: ANN401  (as above)
    """Return the exception to raise for a refused request, with its problem document."""
    title = HTTPStatus(kind.status_code).phrase
    return kind(text=problem_document(kind.status_code, title, detail, extra), content_type=PROBLEM)


def build_error_response(request: web.Request, error: web.HTTPException, page: ErrorPage | None) -> web.Response:
    """Return a page for people; a problem document under /api/ or when `page` is None."""
    if page is not None and not request.path.startswith("/api/"):
        response = page(request, error.status)
        response.set_status(error.status)
    elif error.content_type == PROBLEM:
        response = web.Response(status=error.status, text=error.text, content_type=PROBLEM)
    else:
        response = problem(error.status, error.reason)
    for name in _COPIED_HEADERS:
        if name in error.headers:
            response.headers[name] = error.headers[name]
    return response


def problem_document(status: int, title: str, detail: str, extra: dict[str, Any]) -> str:
    document = {"type": "about:blank", "title": title, "status": status}
    return json.dumps(document | ({"detail": detail} if detail else {}) | extra, ensure_ascii=False)
