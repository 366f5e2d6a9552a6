"""A small, guarded web server on aiohttp."""

from daemonkit.web.cookies import read_preference, set_preference
from daemonkit.web.csrf import csrf_token
from daemonkit.web.downloads import send_parts
from daemonkit.web.guards import guarded_app
from daemonkit.web.problem import ErrorPage, problem
from daemonkit.web.request_bodies import gunzip, parse_json, read_body, read_form, read_json, read_raw_body
from daemonkit.web.server import ServerTimings, serving
from daemonkit.web.server_sent_events import StreamTimings, shutdown_event, stream_events
from daemonkit.web.uploads import Upload, read_upload
from daemonkit.web.web_rules import RULES, WebRules, identify_client, route_pattern

__all__ = [
    "RULES",
    "ErrorPage",
    "ServerTimings",
    "StreamTimings",
    "Upload",
    "WebRules",
    "csrf_token",
    "guarded_app",
    "gunzip",
    "identify_client",
    "parse_json",
    "problem",
    "read_body",
    "read_form",
    "read_json",
    "read_preference",
    "read_raw_body",
    "read_upload",
    "route_pattern",
    "send_parts",
    "serving",
    "set_preference",
    "shutdown_event",
    "stream_events",
]
