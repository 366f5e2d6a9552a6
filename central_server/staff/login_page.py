"""Logging in and out."""

import secrets

import structlog
from aiohttp import web

from central_server.accounts.login import LoginRefused, log_in, log_out
from central_server.staff.desk import Desk
from daemonkit.web import RULES, csrf_token, read_form

_log = structlog.get_logger()
_COOKIE = "staff_login"


class LoginPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/staff/login", self._ask),
            web.post("/staff/login", self._log_in),
            web.post("/staff/logout", self._log_out),
        ]

    async def _ask(self, request: web.Request, *, refused: bool = False) -> web.Response:
        # The token of this form belongs to a cookie of its own, for there is no session yet.
        guest = request.cookies.get(_COOKIE) or secrets.token_urlsafe(16)
        csrf = csrf_token(request.config_dict[RULES], f"login {guest}")
        response = self._desk.render(
            request, "login.html", {"csrf": csrf, "refused": refused}, status=403 if refused else 200
        )
        self._desk.set_cookie(response, _COOKIE, guest)
        return response

    async def _log_in(self, request: web.Request) -> web.Response:
        guest = request.cookies.get(_COOKIE, "")
        form = await read_form(request, request.config_dict[RULES], f"login {guest}" if guest else "")
        try:
            session = await log_in(
                self._desk.database, form.get("name", ""), form.get("password", ""), self._desk.clock()
            )
        except LoginRefused as error:
            _log.warning("login.refused", account=form.get("name", ""), reason=str(error))
            return await self._ask(request, refused=True)
        response = web.Response(status=303, headers={"Location": "/staff/"})
        self._desk.begin(response, session.token)
        response.del_cookie(_COOKIE, path="/staff")
        return response

    async def _log_out(self, request: web.Request) -> web.Response:
        token = self._desk.token(request)
        await read_form(request, request.config_dict[RULES], token)
        await log_out(self._desk.database, token)
        response = web.Response(status=303, headers={"Location": "/staff/login"})
        self._desk.end(response)
        return response
