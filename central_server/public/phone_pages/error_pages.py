"""Render errors as pages for people; programs get problem+json from the guards."""

from contextlib import suppress
from typing import Protocol

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from central_server.public.phone_pages.page_responder import PageResponder
from central_server.store.engine.database import StoreUnavailable, ValueRefused
from daemonkit.web import ErrorPage
from kiosk_ui.notice_views import NoticeKind, NoticePage

_log = structlog.get_logger()
_KINDS = {
    403: NoticeKind.form_expired,
    404: NoticeKind.not_found,
    405: NoticeKind.not_found,
    421: NoticeKind.not_found,
    429: NoticeKind.busy,
    503: NoticeKind.store_unavailable,
}


@web.middleware
async def store_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 503 if the database is unavailable, and 400 to a value that no database can store."""
    try:
        return await handler(request)
    except ValueRefused as error:
        raise web.HTTPBadRequest from error
    except StoreUnavailable as error:
        _log.error("store.unavailable", reason=str(error))
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "10"}) from error


def contact_on_errors(responder: PageResponder) -> Middleware:
    """Look up the contact of the place for error pages too."""

    @web.middleware
    async def look_up(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status >= 400 and not request.path.startswith(("/staff", "/api/")):
                with suppress(StoreUnavailable):
                    await responder.look_up(request)
            raise

    return look_up


class StaffErrors(Protocol):
    def error(self, request: web.Request, status: int) -> web.Response: ...


def error_pages(responder: PageResponder, staff: StaffErrors) -> ErrorPage:
    def show(request: web.Request, status: int) -> web.Response:
        if request.path.startswith("/staff"):
            return staff.error(request, status)
        return responder.plain(request, NoticePage(_KINDS.get(status, NoticeKind.fault), back=""))

    return show
