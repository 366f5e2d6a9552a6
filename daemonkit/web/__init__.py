"""A small, guarded web server on aiohttp."""

from daemonkit.web.bodies import csrf_token, gunzip, read_body, read_form, read_json, read_wire
from daemonkit.web.events import closing, event_stream
from daemonkit.web.guards import guarded_app
from daemonkit.web.problem import ErrorPage, problem
from daemonkit.web.rules import RULES, WebRules
from daemonkit.web.server import serving

__all__ = [
    "RULES",
    "ErrorPage",
    "WebRules",
    "closing",
    "csrf_token",
    "event_stream",
    "guarded_app",
    "gunzip",
    "problem",
    "read_body",
    "read_form",
    "read_json",
    "read_wire",
    "serving",
]
