"""Preference cookies: host-only, and Secure behind https (RFC 6265bis, section 4.1.3.2).

They hold one of a few known words, never a secret.
"""

from aiohttp import web

from daemonkit.web.web_rules import RULES


def read_preference(request: web.Request, name: str) -> str:
    """Return the cookie's value, or an empty string when the browser sent none."""
    return request.cookies.get(_cookie_name(request, name), "")


def set_preference(
    request: web.Request, response: web.StreamResponse, name: str, value: str, *, max_age: int | None = None
) -> None:
    """Set the cookie. `max_age`: seconds; None: until the browser is closed."""
    secure = request.config_dict[RULES].https
    response.set_cookie(
        _cookie_name(request, name), value, max_age=max_age, path="/", httponly=True, samesite="Lax", secure=secure
    )


def _cookie_name(request: web.Request, name: str) -> str:
    """Add the `__Host-` prefix behind https: a neighbouring host cannot set such a cookie (ASVS 5.0, 3.3.1, 3.3.3)."""
    return f"__Host-{name}" if request.config_dict[RULES].https else name
