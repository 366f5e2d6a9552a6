"""The cookie of a logged-in volunteer, and the forms that belong to it."""

from aiohttp import web
from multidict import MultiDict

from daemonkit.web import RULES, csrf_token, read_form
from volunteering.people.member_cookie import cookie_name, read_token
from volunteering.people.membership import SESSION_LASTS, Membership
from volunteering.store.people import Person


def begin(request: web.Request, response: web.Response, token: str) -> None:
    """Lax, not Strict: a link in a message or a QR code leads to a page on which the person is logged in."""
    _set(request, response, token, max_age=int(SESSION_LASTS.total_seconds()))


def end(request: web.Request, response: web.Response) -> None:
    _set(request, response, "", max_age=0)


def form_token(request: web.Request) -> str:
    """Return the CSRF token of the session's forms; "" without a session."""
    token = read_token(request)
    return csrf_token(request.config_dict[RULES], f"member {token}") if token else ""


async def read_member_form(
    request: web.Request, membership: Membership, community: str
) -> tuple[Person | None, MultiDict[str]]:
    """Return the person and the form. Raises 403 for a form of another session."""
    token = read_token(request)
    form = await read_form(request, request.config_dict[RULES], f"member {token}" if token else "")
    return await membership.find(token, community), form


def _set(request: web.Request, response: web.Response, token: str, *, max_age: int) -> None:
    secure = request.config_dict[RULES].https
    response.set_cookie(
        cookie_name(request), token, max_age=max_age, path="/", httponly=True, samesite="Lax", secure=secure
    )
