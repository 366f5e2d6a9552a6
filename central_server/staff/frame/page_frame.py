"""What every staff page has: a login before it, a right that it asks for, its frame, and its forms' safety."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import web
from multidict import MultiDict

from central_server.accounts.access import Access, Right
from central_server.accounts.sessions import IDLE, Owed, Standing, standing
from central_server.catalogue.display_name import NameLookup
from central_server.language import language, remember
from central_server.sheets.sheet_writer import TYPES, Rows, write_table
from central_server.staff.frame.menu import groups
from central_server.staff.frame.render import StaffTemplates
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_trail import AuditLine
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places import places
from daemonkit.web import RULES, Upload, csrf_token, identify_client, read_form, read_upload, route_pattern
from sync_contract.strict_model import Language

_log = structlog.get_logger()
SETTLED_AT = {Owed.code: "/staff/code", Owed.password: "/staff/password", Owed.factor: "/staff/factor"}
"""Where a visitor is sent who owes something before any other page."""
LIVE = "X-Live"
"""The header with which an open page brings itself up to date: that keeps no session alive."""
Values = dict[str, Any]
_SESSION = "staff"
"""The cookie of whoever is logged in."""
_FRAME = web.RequestKey("staff_frame", dict)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks for a page: `right` is the one that the page asked for, `form` empty for a GET."""

    standing: Standing
    right: Right | None
    request: web.Request
    database: Database
    now: datetime
    form: MultiDict[str] = field(default_factory=MultiDict)
    files: Mapping[str, Upload] = field(default_factory=dict)

    @property
    def access(self) -> Access:
        return self.standing.access

    @property
    def tops(self) -> frozenset[str]:
        """At and below these places the visitor has the page's right: for `places.within`."""
        return frozenset() if self.right is None else self.access.places(self.right)

    @property
    def language(self) -> Language:
        return language(self.request)

    async def demand(self, connection: Connection, place: str) -> None:
        """Raises HTTPNotFound when the visitor has not the page's right there: what is not theirs is not there."""
        if self.tops.isdisjoint(await places.ancestors(connection, place)):
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
    """A file to be kept, named by `name`. `of`: what of the visitor's places it holds; then the audit trail says who
    took it along. Empty where its page writes a line of its own, or none is due.
    """

    name: str
    content_type: str
    content: bytes
    of: frozenset[str] = frozenset()


async def sheet(name: str, form: str, rows: Rows, *, of: frozenset[str] = frozenset()) -> Sent:
    """A table as a file; `form`: one of `sheets.writing.TYPES`; `of` as in `Sent`."""
    return Sent(f"{name}.{form}", TYPES[form], await asyncio.to_thread(write_table, form, name, rows), of)


@dataclass(frozen=True, slots=True)
class Onward:
    """Another page is next: the answer to a form that did its work. `token`: of the session from now on."""

    path: str
    token: str = ""


def parts(path: str, words: str, after: str, last: str) -> Values:
    """Where a list's foot leads. `after`: the key after which this part began, `last`: that of the next part or ""."""
    filters = {"words": words} if words else {}
    first = f"{path}?{urlencode(filters)}" if filters else path
    return {"first": first if after else "", "more": f"{path}?{urlencode(filters | {'after': last})}" if last else ""}


Page = Callable[[Visitor], Awaitable[Shown | Sent | Onward]]
"""Raises HTTPNotFound."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Desk:
    """`secure`: browsers reach us by https, so the cookies need not go any other way.

    `factors_demanded`: everybody needs a second factor.
    """

    def __init__(
        self,
        database: Database,
        templates: StaffTemplates,
        clock: Callable[[], datetime],
        *,
        secure: bool,
        factors_demanded: bool = False,
    ) -> None:
        self.database = database
        self.clock = clock
        self.factors_demanded = factors_demanded
        self._templates = templates
        self._named = NameLookup(templates.site)
        self._secure = secure
        # A cookie of this prefix cannot be set by a page of a neighbouring host (ASVS 5.0, 3.3.3).
        self._prefix, self._path = ("__Host-", "/") if secure else ("", "/staff")

    def page(
        self, path: str, page: Page, right: Right | None = Right.see, *, settles: Owed | None = None
    ) -> web.RouteDef:
        """A page that is looked at; whoever has the right nowhere is told that it is not there. None: everybody.

        `settles`: what a visitor may owe who comes here.
        """
        return web.get(path, self._behind_login(page, right, settles, writes=False))

    def form(self, path: str, page: Page, right: Right | None, *, settles: Owed | None = None) -> web.RouteDef:
        """A deed: the form's token was checked, its fields are in `visitor.form`."""
        return web.post(path, self._behind_login(page, right, settles, writes=True))

    def upload(self, path: str, page: Page, right: Right, *, limit: int) -> web.RouteDef:
        """A deed whose form may be long, and may bring files, in `visitor.files`; `limit`: octets in all."""
        return web.post(path, self._behind_login(page, right, None, writes=True, limit=limit))

    def render(self, request: web.Request, template: str, values: Values, status: int = 200) -> web.Response:
        """The page in the visitor's language."""
        here = [(name, value) for name, value in request.query.items() if name != "lang"]
        facts: Values = {"access": None, "menu": (), "csrf": "", "path": request.path, "query": urlencode(here)}
        facts["ends_s"] = int(IDLE.total_seconds())
        facts |= request.get(_FRAME, {})
        facts["section"] = values.get("section", request.path)  # where the menu says one is
        html = self._templates.html(template, language(request), **(facts | values))
        return remember(request, web.Response(text=html, content_type="text/html", status=status))

    async def keep_frame(self, request: web.Request) -> None:
        """For a page that says what went wrong: whoever is logged in keeps the menu there."""
        here = await self.standing(request, used=False)
        if here is not None:
            request[_FRAME] = {**self._frame(request, here, self.token(request)), **await self._head(here, request)}

    @property
    def called(self) -> tuple[str, ...]:
        """What whoever runs the server is called, in each language."""
        return tuple(self._templates.site[language] for language in Language)

    def words(self, language: Language) -> Callable[[str], str]:
        return self._templates.words(language)

    async def standing(self, request: web.Request, *, used: bool | None = None) -> Standing | None:
        """Who asks, if anybody; `used` False when nobody did anything (the script of an open page says so itself)."""
        token = self.token(request)
        if not token:
            return None
        used = LIVE not in request.headers if used is None else used
        demanded = self.factors_demanded
        return await standing(self.database, token, self.clock(), factors_demanded=demanded, used=used)

    def begin(self, response: web.Response, token: str) -> None:
        self.set_cookie(response, _SESSION, token)

    def token(self, request: web.Request) -> str:
        return self.cookie(request, _SESSION)

    def end(self, response: web.Response) -> None:
        self.drop_cookie(response, _SESSION)

    def set_cookie(self, response: web.Response, name: str, value: str) -> None:
        response.set_cookie(
            self._prefix + name, value, path=self._path, httponly=True, samesite="Strict", secure=self._secure
        )

    def cookie(self, request: web.Request, name: str) -> str:
        """Empty when the browser brought none."""
        return request.cookies.get(self._prefix + name, "")

    def drop_cookie(self, response: web.Response, name: str) -> None:
        response.del_cookie(self._prefix + name, path=self._path, httponly=True, samesite="Strict", secure=self._secure)

    def _behind_login(
        self, page: Page, right: Right | None, settles: Owed | None, *, writes: bool, limit: int = 0
    ) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            token = self.token(request)
            here = await self.standing(request)
            if here is None:
                raise web.HTTPSeeOther("/staff/login")
            form, files = await _read(request, token, limit) if writes else (MultiDict[str](), {})
            if here.owed is not None and here.owed is not settles:
                raise web.HTTPSeeOther(SETTLED_AT[here.owed])
            visitor = Visitor(here, right, request, self.database, self.clock(), form, files)
            try:
                if right is not None and not here.access.has(right):
                    raise web.HTTPNotFound
                shown = await page(visitor)
            except web.HTTPNotFound:  # not theirs or not there: the page tells no difference, so neither does the log
                _log.warning("access.refused", **self._who(visitor))
                raise
            if isinstance(shown, Onward):
                onward = web.Response(status=303, headers={"Location": shown.path})
                if shown.token:
                    self.begin(onward, shown.token)
                return onward
            if isinstance(shown, Sent):
                if shown.of:
                    async with self.database.write() as connection:
                        for place in sorted(shown.of):
                            await audit_trail.record(connection, visitor.did("file.take", place, shown.name))
                headers = {"Content-Disposition": f'attachment; filename="{shown.name}"'}
                return web.Response(body=shown.content, content_type=shown.content_type, headers=headers)
            values = {**self._frame(request, here, token), **await self._head(here, request), **shown.values}
            return self.render(request, shown.template, values, shown.status)

        return handler

    def _who(self, visitor: Visitor) -> Mapping[str, str]:
        request, right = visitor.request, visitor.right
        told = {"account": visitor.access.account, "right": "" if right is None else right.value}
        return told | {"method": request.method, "route": route_pattern(request), "client": identify_client(request)}

    async def _head(self, here: Standing, request: web.Request) -> Mapping[str, Any]:
        """Whose pages these are: of the one place at which the account has its roles, else the server's."""
        of = set(here.access.roles)
        async with self.database.read() as connection:
            name = await self._named.at(connection, of.pop() if len(of) == 1 else None)
        return {"site": name[language(request)]}

    def _frame(self, request: web.Request, here: Standing, token: str) -> Mapping[str, Any]:
        menu = groups(here.access) if here.owed is None else ()
        return {"access": here.access, "menu": menu, "csrf": csrf_token(request.config_dict[RULES], token)}


async def _read(request: web.Request, token: str, limit: int) -> tuple[MultiDict[str], Mapping[str, Upload]]:
    rules = request.config_dict[RULES]
    if limit and request.content_type == "multipart/form-data":
        return await read_upload(request, rules, token, limit=limit)
    return await read_form(request, rules, token, limit=limit or None), {}
