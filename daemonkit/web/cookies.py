"""Cookies for one host alone, carried by https alone where browsers reach us by it (RFC 6265bis, section 4.1.3.2).

For what is no secret but a wish: its value is only ever one of a few words.
"""

from aiohttp import web

from daemonkit.web.web_rules import RULES


def read_wish(request: web.Request, name: str) -> str:
    """Empty when the browser brought none."""
    return request.cookies.get(_named(request, name), "")


def keep_wish(
    request: web.Request, response: web.StreamResponse, name: str, value: str, *, max_age: int | None = None
) -> None:
    """`max_age`: seconds; None: until the browser is closed."""
    secure = request.config_dict[RULES].https
    response.set_cookie(
        _named(request, name), value, max_age=max_age, path="/", httponly=True, samesite="Lax", secure=secure
    )


def _named(request: web.Request, name: str) -> str:
    """A page of a neighbouring host cannot set a cookie of this prefix (ASVS 5.0, 3.3.1 and 3.3.3)."""
    return f"__Host-{name}" if request.config_dict[RULES].https else name
