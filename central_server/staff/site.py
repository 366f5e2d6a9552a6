"""The staff pages behind a login."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import web

from central_server.accounts.login import LoginRefused, log_in, log_out, who
from central_server.language import language, remember
from central_server.staff.log_page import log_page
from central_server.staff.parcel_page import parcel_page
from central_server.staff.render import StaffTemplates
from central_server.store.accounts import Account
from central_server.store.database import Database
from daemonkit.web import RULES, csrf_token, read_form
from kiosk_ui.assets import Asset
from sync_contract.project import Project, Texts
from sync_contract.strict import Environment

_log = structlog.get_logger()
_COOKIE = "staff"
_LOGIN_COOKIE = "staff_login"

Values = dict[str, Any]
Page = Callable[[web.Request, Database, Account, Mapping[str, Project]], Awaitable[tuple[str, Values]]]
"""Gives the template's name and its values. Raises HTTPNotFound."""


class StaffSite:
    def __init__(
        self,
        database: Database,
        site: Texts,
        environment: Environment,
        projects: Mapping[str, Project],
        clock: Callable[[], datetime],
        *,
        secure: bool,
    ) -> None:
        """`secure`: browsers reach us by https, so the cookies need not go any other way."""
        self._database = database
        self._secure = secure
        self._projects = projects
        self._clock = clock
        self._templates = StaffTemplates(environment=environment, site=site)

    @property
    def files(self) -> Mapping[str, Asset]:
        return self._templates.files

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/staff", self._home),
            web.get("/staff/login", self._ask),
            web.post("/staff/login", self._log_in),
            web.post("/staff/logout", self._log_out),
            web.get("/staff/", self._behind_login(log_page)),
            web.get("/staff/parcels/{gateway:[0-9a-f]{16}}/{parcel:[0-9a-f]{32}}", self._behind_login(parcel_page)),
        ]

    def error(self, request: web.Request, status: int) -> web.Response:
        return self._render(request, "error.html", {"status": status})

    async def _home(self, request: web.Request) -> web.Response:
        raise web.HTTPSeeOther("/staff/")

    async def _ask(self, request: web.Request, *, refused: bool = False) -> web.Response:
        # The token of this form belongs to a cookie of its own, for there is no session yet.
        guest = request.cookies.get(_LOGIN_COOKIE) or secrets.token_urlsafe(16)
        csrf = csrf_token(request.config_dict[RULES], f"login {guest}")
        response = self._render(request, "login.html", {"csrf": csrf, "refused": refused})
        self._set_cookie(response, _LOGIN_COOKIE, guest)
        if refused:
            response.set_status(403)
        return response

    async def _log_in(self, request: web.Request) -> web.Response:
        guest = request.cookies.get(_LOGIN_COOKIE, "")
        form = await read_form(request, request.config_dict[RULES], f"login {guest}" if guest else "")
        try:
            session = await log_in(self._database, form.get("name", ""), form.get("password", ""), self._clock())
        except LoginRefused as error:
            _log.warning("login.refused", account=form.get("name", ""), reason=str(error))
            return await self._ask(request, refused=True)
        response = web.Response(status=303, headers={"Location": "/staff/"})
        self._set_cookie(response, _COOKIE, session.token)
        response.del_cookie(_LOGIN_COOKIE, path="/staff")
        return response

    async def _log_out(self, request: web.Request) -> web.Response:
        token = request.cookies.get(_COOKIE, "")
        await read_form(request, request.config_dict[RULES], token)
        await log_out(self._database, token)
        response = web.Response(status=303, headers={"Location": "/staff/login"})
        response.del_cookie(_COOKIE, path="/staff")
        return response

    def _behind_login(self, page: Page) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            token = request.cookies.get(_COOKIE, "")
            account = await who(self._database, token, self._clock()) if token else None
            if account is None:
                raise web.HTTPSeeOther("/staff/login")
            template, values = await page(request, self._database, account, self._projects)
            csrf = csrf_token(request.config_dict[RULES], token)
            return self._render(request, template, {**values, "account": account, "csrf": csrf})

        return handler

    def _render(self, request: web.Request, template: str, values: Values) -> web.Response:
        here = [(name, value) for name, value in request.query.items() if name != "lang"]
        facts = {"account": None, "csrf": "", "path": request.path, "query": urlencode(here)}
        html = self._templates.html(template, language(request), **(facts | values))
        return remember(request, web.Response(text=html, content_type="text/html"))

    def _set_cookie(self, response: web.Response, name: str, value: str) -> None:
        response.set_cookie(name, value, path="/staff", httponly=True, samesite="Strict", secure=self._secure)
