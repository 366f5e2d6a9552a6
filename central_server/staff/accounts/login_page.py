"""Log in with a password and, where set up, a code of the second factor; log out."""

import secrets

import structlog
from aiohttp import web

from central_server.accounts.login import (
    Client,
    CodeRefused,
    LoginRefused,
    StartedSession,
    TooManyFailures,
    give_code,
    log_in,
    log_out,
)
from central_server.accounts.login_admission import RETRY_S, TooManyLogins, admitted
from central_server.accounts.second_factor import Seal, SecretUnreadable
from central_server.accounts.sessions import Owed
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from daemonkit.web import RULES, csrf_token, identify_client, read_form

_log = structlog.get_logger()
_COOKIE = "staff_login"
_CLEARED = '"cache", "storage"'
"""Everything that the browser stores except cookies: one of them is the language."""


class LoginPage:
    def __init__(self, frame: PageFrame, seal: Seal) -> None:
        self._frame = frame
        self._seal = seal

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/staff/login", self._ask),
            web.post("/staff/login", self._log_in),
            web.post("/staff/logout", self._log_out),
            self._frame.page("/staff/code", self._ask_code, None, settles=Owed.code),
            self._frame.form("/staff/code", self._take_code, None, settles=Owed.code),
        ]

    async def _ask(self, request: web.Request, *, refused: bool = False) -> web.Response:
        # Before login there is no session: the CSRF token belongs to a cookie of its own.
        guest = self._frame.cookie(request, _COOKIE) or secrets.token_urlsafe(16)
        csrf = csrf_token(request.config_dict[RULES], f"login {guest}")
        response = self._frame.render(
            request, "login.html", {"csrf": csrf, "refused": refused}, status=403 if refused else 200
        )
        self._frame.set_cookie(response, _COOKIE, guest)
        return response

    async def _log_in(self, request: web.Request) -> web.Response:
        guest = self._frame.cookie(request, _COOKIE)
        form = await read_form(request, request.config_dict[RULES], f"login {guest}" if guest else "")
        now = self._frame.clock()
        try:
            async with admitted(identify_client(request)):
                started = await log_in(
                    self._frame.database,
                    form.get("name", ""),
                    form.get("password", ""),
                    now,
                    _client(request),
                    instead_of=self._frame.token(request),
                )
        except TooManyLogins as error:
            raise web.HTTPTooManyRequests(headers={"Retry-After": str(RETRY_S)}) from error
        except LoginRefused as error:
            _log.warning("login.refused", account=error.account, reason=str(error), client=identify_client(request))
            return await self._ask(request, refused=True)
        except TooManyFailures as error:
            raise _too_many(error, self._frame) from error
        _log.info("login.accepted", account=started.account, by="password", client=identify_client(request))
        response = web.Response(status=303, headers={"Location": _start_page(started)})
        self._frame.begin(response, started.token)
        self._frame.drop_cookie(response, _COOKIE)
        return response

    async def _ask_code(self, visitor: Visitor) -> HtmlPage | Redirect:
        if visitor.login.owed is not Owed.code:
            return Redirect("/staff/")
        return HtmlPage("code.html", {"fault": ""})

    async def _take_code(self, visitor: Visitor) -> HtmlPage | Redirect:
        if visitor.login.owed is not Owed.code:
            return Redirect("/staff/")
        code, account, peer = visitor.form.get("code", ""), visitor.access.account, identify_client(visitor.request)
        try:
            started = await give_code(
                visitor.database, self._seal, visitor.login, code, visitor.now, _client(visitor.request)
            )
        except CodeRefused:
            _log.warning("login.refused", account=account, reason="wrong_code", client=peer)
            return HtmlPage("code.html", {"fault": "wrong"}, status=422)
        except LoginRefused as error:
            _log.warning("login.refused", account=account, reason=str(error), client=peer)
            return Redirect("/staff/login")
        except TooManyFailures as error:
            raise _too_many(error, self._frame) from error
        except SecretUnreadable:
            _log.error("factor.unreadable", account=account)
            return HtmlPage("code.html", {"fault": "unreadable"}, status=422)
        _log.info("login.accepted", account=account, by="password, code", client=peer)
        return Redirect(_start_page(started), started.token)

    async def _log_out(self, request: web.Request) -> web.Response:
        token = self._frame.token(request)
        await read_form(request, request.config_dict[RULES], token)
        await log_out(self._frame.database, token, self._frame.clock())
        response = web.Response(status=303, headers={"Location": "/staff/login", "Clear-Site-Data": _CLEARED})
        self._frame.end(response)
        return response


def _start_page(started: StartedSession) -> str:
    return "/staff/" if started.has_role else "/staff/me"


def _client(request: web.Request) -> Client:
    return Client(identify_client(request), request.headers.get("User-Agent", ""))


def _too_many(error: TooManyFailures, frame: PageFrame) -> web.HTTPTooManyRequests:
    wait = max(1, int((error.until - frame.clock()).total_seconds()) + 1)
    return web.HTTPTooManyRequests(headers={"Retry-After": str(wait)})
