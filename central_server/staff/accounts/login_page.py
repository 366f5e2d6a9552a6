"""Logging in and out: a password, and where there is a second factor, a code."""

import secrets

import structlog
from aiohttp import web

from central_server.accounts.login import (
    Begun,
    Client,
    CodeRefused,
    LoginRefused,
    TooManyFailures,
    give_code,
    log_in,
    log_out,
)
from central_server.accounts.second_factor import Seal, SecretUnreadable
from central_server.accounts.sessions import Owed
from central_server.staff.frame.page_frame import Desk, Onward, Shown, Visitor
from daemonkit.web import RULES, csrf_token, identify_client, read_form

_log = structlog.get_logger()
_COOKIE = "staff_login"
_CLEARED = '"cache", "storage"'
"""All that the browser may have kept of us but cookies: ours goes by itself, and of others one is the language."""


class LoginPage:
    def __init__(self, desk: Desk, seal: Seal) -> None:
        self._desk = desk
        self._seal = seal

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/staff/login", self._ask),
            web.post("/staff/login", self._log_in),
            web.post("/staff/logout", self._log_out),
            self._desk.page("/staff/code", self._ask_code, None, settles=Owed.code),
            self._desk.form("/staff/code", self._take_code, None, settles=Owed.code),
        ]

    async def _ask(self, request: web.Request, *, refused: bool = False) -> web.Response:
        # The token of this form belongs to a cookie of its own, for there is no session yet.
        guest = self._desk.cookie(request, _COOKIE) or secrets.token_urlsafe(16)
        csrf = csrf_token(request.config_dict[RULES], f"login {guest}")
        response = self._desk.render(
            request, "login.html", {"csrf": csrf, "refused": refused}, status=403 if refused else 200
        )
        self._desk.set_cookie(response, _COOKIE, guest)
        return response

    async def _log_in(self, request: web.Request) -> web.Response:
        guest = self._desk.cookie(request, _COOKIE)
        form = await read_form(request, request.config_dict[RULES], f"login {guest}" if guest else "")
        now = self._desk.clock()
        try:
            begun = await log_in(
                self._desk.database,
                form.get("name", ""),
                form.get("password", ""),
                now,
                _client(request),
                instead_of=self._desk.token(request),
            )
        except LoginRefused as error:
            _log.warning("login.refused", account=error.account, reason=str(error), client=identify_client(request))
            return await self._ask(request, refused=True)
        except TooManyFailures as error:
            raise _too_many(error, self._desk) from error
        _log.info("login.taken", account=begun.account, by="password", client=identify_client(request))
        response = web.Response(status=303, headers={"Location": _welcome(begun)})
        self._desk.begin(response, begun.token)
        self._desk.drop_cookie(response, _COOKIE)
        return response

    async def _ask_code(self, visitor: Visitor) -> Shown | Onward:
        if visitor.standing.owed is not Owed.code:
            return Onward("/staff/")
        return Shown("code.html", {"fault": ""})

    async def _take_code(self, visitor: Visitor) -> Shown | Onward:
        if visitor.standing.owed is not Owed.code:
            return Onward("/staff/")
        code, account, peer = visitor.form.get("code", ""), visitor.access.account, identify_client(visitor.request)
        try:
            begun = await give_code(
                visitor.database, self._seal, visitor.standing, code, visitor.now, _client(visitor.request)
            )
        except CodeRefused:
            _log.warning("login.refused", account=account, reason="wrong code", client=peer)
            return Shown("code.html", {"fault": "wrong"}, status=422)
        except LoginRefused as error:
            _log.warning("login.refused", account=account, reason=str(error), client=peer)
            return Onward("/staff/login")
        except TooManyFailures as error:
            raise _too_many(error, self._desk) from error
        except SecretUnreadable:
            _log.error("factor.unreadable", account=account)
            return Shown("code.html", {"fault": "unreadable"}, status=422)
        _log.info("login.taken", account=account, by="password, code", client=peer)
        return Onward(_welcome(begun), begun.token)

    async def _log_out(self, request: web.Request) -> web.Response:
        token = self._desk.token(request)
        await read_form(request, request.config_dict[RULES], token)
        await log_out(self._desk.database, token, self._desk.clock())
        response = web.Response(status=303, headers={"Location": "/staff/login", "Clear-Site-Data": _CLEARED})
        self._desk.end(response)
        return response


def _welcome(begun: Begun) -> str:
    return "/staff/" if begun.has_role else "/staff/me"


def _client(request: web.Request) -> Client:
    return Client(identify_client(request), request.headers.get("User-Agent", ""))


def _too_many(error: TooManyFailures, desk: Desk) -> web.HTTPTooManyRequests:
    wait = max(1, int((error.until - desk.clock()).total_seconds()) + 1)
    return web.HTTPTooManyRequests(headers={"Retry-After": str(wait)})
