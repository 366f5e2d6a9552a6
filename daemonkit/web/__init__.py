"""A small, guarded web server on aiohttp."""

from daemonkit.web.cookies import keep_wish, read_wish
from daemonkit.web.guards import guarded_app
from daemonkit.web.problem import ErrorPage, problem
from daemonkit.web.ready import Answers, Ready
from daemonkit.web.request_bodies import csrf_token, gunzip, parse_json, read_body, read_form, read_json, read_wire
from daemonkit.web.server import serving
from daemonkit.web.server_sent_events import closing, event_stream
from daemonkit.web.shortcuts import SHORTCUTS, Shortcut
from daemonkit.web.uploads import Upload, read_upload
from daemonkit.web.web_rules import RULES, WebRules, client, route

__all__ = [
    "RULES",
    "SHORTCUTS",
    "Answers",
    "ErrorPage",
    "Ready",
    "Shortcut",
    "Upload",
    "WebRules",
    "client",
    "closing",
    "csrf_token",
    "event_stream",
    "guarded_app",
    "gunzip",
    "keep_wish",
    "parse_json",
    "problem",
    "read_body",
    "read_form",
    "read_json",
    "read_upload",
    "read_wire",
    "read_wish",
    "route",
    "serving",
]
