"""The cookie that names the session of a logged-in volunteer."""

from aiohttp import web

from daemonkit.web import RULES

_COOKIE = "member"


def cookie_name(request: web.Request) -> str:
    """Add the `__Host-` prefix behind https: a neighbouring host cannot set such a cookie (ASVS 5.0, 3.3.1, 3.3.3)."""
    return f"__Host-{_COOKIE}" if request.config_dict[RULES].https else _COOKIE


def read_token(request: web.Request) -> str:
    """Return "" without the cookie."""
    return request.cookies.get(cookie_name(request), "")
