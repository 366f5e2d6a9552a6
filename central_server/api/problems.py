"""Define the problems (RFC 9457) with a stable type. Every other problem is `about:blank` with its status."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from daemonkit.i18n import marked as _
from daemonkit.web.problem import refusal

PREFIX = "/api#problem-"


@dataclass(frozen=True, slots=True)
class Problem:
    """`meaning`: an English msgid of the staff's catalogues with cause and remedy."""

    kind: type[web.HTTPError]
    meaning: str


PROBLEMS: Mapping[str, Problem] = {
    "idempotency-key-malformed": Problem(
        web.HTTPBadRequest,
        _("An Idempotency-Key has 16 to 64 letters, digits, hyphens or underscores, and is used once."),
    ),
    "idempotency-key-reused": Problem(
        web.HTTPUnprocessableEntity, _("This Idempotency-Key was used before with another body: use a new one.")
    ),
    "pass-unknown": Problem(
        web.HTTPNotFound, _("No such presence pass, or its half hour is over: let the phone request a new one.")
    ),
    "token-missing": Problem(web.HTTPUnauthorized, _("Send Authorization: Bearer with a personal token.")),
    "token-refused": Problem(
        web.HTTPUnauthorized,
        _("The token is unknown, revoked or expired: make a new one on the staff pages."),
    ),
    "scope-missing": Problem(
        web.HTTPForbidden, _("The token lacks this scope, or its account lacks the right: make one that has it.")
    ),
    "cursor-malformed": Problem(
        web.HTTPBadRequest, _("Use a cursor exactly as it was returned, with the same filters.")
    ),
    "parameter-malformed": Problem(web.HTTPBadRequest, _("A query parameter is unknown, repeated or invalid.")),
}


def refusal_of(word: str, detail: str = "", **headers: str) -> web.HTTPError:
    """Return the exception to raise. `headers`: names with underscores for hyphens. Raises KeyError."""
    known = PROBLEMS[word]
    error = refusal(known.kind, detail or known.meaning, type=f"{PREFIX}{word}")
    for name, value in headers.items():
        error.headers[name.replace("_", "-")] = value
    return error
