"""CSRF tokens: a form is accepted only with the token of its session, so that no other site can post it."""

import hmac
from hashlib import sha256

from aiohttp import web

from daemonkit.web.problem import refusal
from daemonkit.web.web_rules import WebRules


def check_csrf_token(rules: WebRules, session: str, token: str) -> None:
    """Raise 403 unless the token is the session's."""
    if not session or not hmac.compare_digest(token.encode(), csrf_token(rules, session).encode()):
        raise refusal(web.HTTPForbidden, "the form has expired")


def csrf_token(rules: WebRules, session: str) -> str:
    """Derive the session's token from our secret: 64 hexadecimal digits."""
    return hmac.new(rules.secret, b"csrf v1\0" + session.encode(), sha256).hexdigest()
