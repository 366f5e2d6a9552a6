"""What every staff page has: a login before it, a right that it asks for, its frame, and its forms' safety."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiDict

from central_server.accounts.access import Access, Right
from central_server.accounts.login import who
from central_server.language import language, remember
from central_server.staff.menu import entries
from central_server.staff.render import StaffTemplates
from central_server.store import places
from central_server.store.audit import AuditLine
from central_server.store.connection import Connection
from central_server.store.database import Database
from daemonkit.web import RULES, csrf_token, read_form
from sync_contract.strict import Language

_COOKIE = "staff"
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks for a page: `right` is the one that the page asked for, `form` empty for a GET."""

    access: Access
    right: Right
    request: web.Request
    database: Database
    now: datetime
    form: MultiDict[str] = field(default_factory=MultiDict)

    @property
    def tops(self) -> frozenset[str]:
        """At and below these places the visitor has the page's right: for `places.within`."""
        return self.access.places(self.right)

    @property
    def language(self) -> Language:
        return language(self.request)

    async def demand(self, connection: Connection, place: str) -> None:
        """Raises HTTPNotFound when the visitor has not the page's right there: what is not theirs is not there."""
        if not self.access.may(self.right, await places.ancestors(connection, place)):
            raise web.HTTPNotFound

    def did(self, action: str, place: str, subject: str, detail: str = "") -> AuditLine:
        """A line for `store.audit.record`, to be written in the transaction of the deed."""
        return AuditLine(self.access.account, place, action, subject, detail, self.now)


@dataclass(frozen=True, slots=True)
class Shown:
    """A template and its values; `status` 422 for a form that comes back with its faults."""

    template: str
    values: Values
    status: int = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """A file to be kept, named by `name`."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Onward:
    """Another page is next: the answer to a form that did its work."""

    path: str


Page = Callable[[Visitor], Awaitable[Shown | Sent | Onward]]
"""Raises HTTPNotFound."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Desk:
    """`secure`: browsers reach us by https, so the cookies need not go any other way."""

    def __init__(
        self, database: Database, templates: StaffTemplates, clock: Callable[[], datetime], *, secure: bool
    ) -> None:
        self.database = database
        self.clock = clock
        self._templates = templates
        self._secure = secure

    def page(self, path: str, page: Page, right: Right = Right.see) -> web.RouteDef:
        """A page that is looked at; whoever has the right nowhere is told that it is not there."""
        return web.get(path, self._behind_login(page, right, writes=False))

    def form(self, path: str, page: Page, right: Right) -> web.RouteDef:
        """A deed: the form's token was checked, its fields are in `visitor.form`."""
        return web.post(path, self._behind_login(page, right, writes=True))

    def render(self, request: web.Request, template: str, values: Values, status: int = 200) -> web.Response:
        """The page in the visitor's language."""
        here = [(name, value) for name, value in request.query.items() if name != "lang"]
        facts = {"access": None, "menu": (), "csrf": "", "path": request.path, "query": urlencode(here)}
        html = self._templates.html(template, language(request), **(facts | values))
        return remember(request, web.Response(text=html, content_type="text/html", status=status))

    def begin(self, response: web.Response, token: str) -> None:
        self.set_cookie(response, _COOKIE, token)

    def token(self, request: web.Request) -> str:
        return request.cookies.get(_COOKIE, "")

    def end(self, response: web.Response) -> None:
        response.del_cookie(_COOKIE, path="/staff")

    def set_cookie(self, response: web.Response, name: str, value: str) -> None:
        response.set_cookie(name, value, path="/staff", httponly=True, samesite="Strict", secure=self._secure)

    def _behind_login(self, page: Page, right: Right, *, writes: bool) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            token = self.token(request)
            access = await who(self.database, token, self.clock()) if token else None
            if access is None:
                raise web.HTTPSeeOther("/staff/login")
            form = await read_form(request, request.config_dict[RULES], token) if writes else MultiDict[str]()
            if not access.has(right):
                raise web.HTTPNotFound
            shown = await page(Visitor(access, right, request, self.database, self.clock(), form))
            if isinstance(shown, Onward):
                return web.Response(status=303, headers={"Location": shown.path})
            if isinstance(shown, Sent):
                headers = {"Content-Disposition": f'attachment; filename="{shown.name}"'}
                return web.Response(body=shown.content, content_type=shown.content_type, headers=headers)
            values = {**self._frame(request, access, token), **shown.values}
            return self.render(request, shown.template, values, shown.status)

        return handler

    def _frame(self, request: web.Request, access: Access, token: str) -> Mapping[str, Any]:
        return {"access": access, "menu": entries(access), "csrf": csrf_token(request.config_dict[RULES], token)}
