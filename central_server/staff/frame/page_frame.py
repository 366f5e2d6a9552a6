"""The frame of every staff page: login, rights, CSRF-protected forms, cookies, and the menu around the page."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import web
from multidict import MultiDict

from central_server.accounts.access import Access, Right
from central_server.accounts.sessions import IDLE, LoginStatus, Owed, find_login
from central_server.catalogue.display_name import NameLookup
from central_server.language import language, remember
from central_server.sheets.sheet_writer import TYPES, Rows, table_file
from central_server.staff.frame.menu import Group, groups
from central_server.staff.frame.render import StaffTemplates
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_actions import FileDownloaded
from central_server.store.accounts.audit_records import AuditAction
from central_server.store.accounts.audit_trail import AuditEntry
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places import places
from daemonkit.web import (
    RULES,
    Upload,
    csrf_token,
    identify_client,
    read_form,
    read_upload,
    route_pattern,
    send_parts,
)
from sync_contract.strict_model import Language

_log = structlog.get_logger()
SETTLED_AT = {Owed.code: "/staff/code", Owed.password: "/staff/password", Owed.factor: "/staff/factor"}
"""Where a visitor must complete a pending login step."""
LIVE = "X-Live"
"""Header of requests by which an open page updates itself; they do not extend the session."""
Values = dict[str, Any]
_ROWS_AT_ONCE = 200
_SESSION = "staff"
"""Name of the session cookie."""
_FRAME = web.RequestKey("staff_frame", dict)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A logged-in request. `right`: the one that the page requires; `form`: empty for a GET."""

    login: LoginStatus
    right: Right | None
    request: web.Request
    database: Database
    now: datetime
    form: MultiDict[str] = field(default_factory=MultiDict)
    files: Mapping[str, Upload] = field(default_factory=dict)

    @property
    def access(self) -> Access:
        return self.login.access

    @property
    def tops(self) -> frozenset[str]:
        """Places at and below which the visitor has the page's right; for `places.within`."""
        return frozenset() if self.right is None else self.access.places(self.right)

    @property
    def language(self) -> Language:
        return language(self.request)

    async def demand(self, connection: Connection, place: str) -> None:
        """Raise HTTPNotFound without the page's right at `place`, as for a place that does not exist."""
        if self.tops.isdisjoint(await places.ancestors(connection, place)):
            raise web.HTTPNotFound

    async def record(self, connection: Connection, place: str, action: AuditAction) -> None:
        """Add an entry to the audit trail, in the transaction of the action."""
        await audit_trail.record(connection, AuditEntry(self.access.account, place, action, self.now))


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A template and its values; `status` 422 for a form that comes back with faults."""

    template: str
    values: Values
    status: int = 200


@dataclass(frozen=True, slots=True)
class FileDownload:
    """A file to download, whole or in parts that are made while it is sent. With `of`, the places whose records it
    contains, the audit trail gets an entry at each; `kind` says there which list it is. Without `of`, the page records
    the download itself or none is needed.
    """

    name: str
    content_type: str
    content: bytes | AsyncIterator[bytes]
    of: frozenset[str] = frozenset()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Answers a form that did its work. `token`: of the renewed session, "" to keep the session."""

    path: str
    token: str = ""


Page = Callable[[Visitor], Awaitable[HtmlPage | FileDownload | Redirect]]
"""Raises HTTPNotFound."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def sheet(
    name: str, form: str, rows: Rows | AsyncIterable[Rows], *, of: frozenset[str] = frozenset(), kind: str = ""
) -> FileDownload:
    """Write a table as a file. `form`: one of `sheet_writer.TYPES`; `rows`: all, or parts of a few milliseconds each;
    `of`, `kind`: see above.
    """
    slices = rows if isinstance(rows, AsyncIterable) else _slices(rows)
    return FileDownload(f"{name}.{form}", TYPES[form], _written(form, name, slices), of, kind)


async def _slices(rows: Rows) -> AsyncIterator[Rows]:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield rows[start : start + _ROWS_AT_ONCE]


async def _written(form: str, title: str, slices: AsyncIterable[Rows]) -> AsyncIterator[bytes]:
    file = table_file(form, title)
    async for rows in slices:
        yield file.add(rows)
    yield file.end()


def parts(path: str, words: str, after: str, last: str) -> Values:
    """Return the links below a list. `after`: the key before this part; `last`: its last key, "" for the end."""
    filters = {"words": words} if words else {}
    first = f"{path}?{urlencode(filters)}" if filters else path
    return {"first": first if after else "", "more": f"{path}?{urlencode(filters | {'after': last})}" if last else ""}


class PageFrame:
    """`secure`: browsers use https only, so cookies do too. `factors_demanded`: everybody needs a second factor.

    `part_menus`: groups of the menu that optional parts add.
    """

    def __init__(
        self,
        database: Database,
        templates: StaffTemplates,
        clock: Callable[[], datetime],
        *,
        secure: bool,
        factors_demanded: bool = False,
        part_menus: Sequence[Group] = (),
    ) -> None:
        self.database = database
        self.clock = clock
        self.factors_demanded = factors_demanded
        self._templates = templates
        self._part_menus = part_menus
        self._site_name = NameLookup(templates.site)
        self._secure = secure
        self._parts = asyncio.Lock()
        # A page of a neighbouring host cannot set a cookie with this prefix (ASVS 5.0, 3.3.3).
        self._prefix, self._path = ("__Host-", "/") if secure else ("", "/staff")

    def page(
        self, path: str, page: Page, right: Right | None = Right.see, *, settles: Owed | None = None
    ) -> web.RouteDef:
        """Route a GET. Visitors who have the right nowhere get 404; None: every account.

        `settles`: the pending login step that this page completes.
        """
        return web.get(path, self._behind_login(page, right, settles, writes=False))

    def form(self, path: str, page: Page, right: Right | None, *, settles: Owed | None = None) -> web.RouteDef:
        """Route a POST whose CSRF token is checked; its fields are in `visitor.form`."""
        return web.post(path, self._behind_login(page, right, settles, writes=True))

    def upload(self, path: str, page: Page, right: Right, *, limit: int) -> web.RouteDef:
        """Route a POST with a long form or files, in `visitor.files`; `limit`: bytes in all."""
        return web.post(path, self._behind_login(page, right, None, writes=True, limit=limit))

    def render(self, request: web.Request, template: str, values: Values, status: int = 200) -> web.Response:
        """Render a page in the visitor's language."""
        query = [(name, value) for name, value in request.query.items() if name != "lang"]
        frame: Values = {"access": None, "menu": (), "search": False, "csrf": ""}
        frame |= {"path": request.path, "query": urlencode(query)}
        frame |= {"ends_s": int(IDLE.total_seconds()), "shown_at": self.clock()}
        frame |= request.get(_FRAME, {})
        frame["section"] = values.get("section", request.path)  # the current entry of the menu
        html = self._templates.html(template, language(request), **(frame | values))
        return remember(request, web.Response(text=html, content_type="text/html", status=status))

    async def keep_frame(self, request: web.Request) -> None:
        """Prepare the menu for an error page, for a logged-in visitor."""
        login = await self.login_status(request, used=False)
        if login is not None:
            menu = self._menu(request, login, self.token(request))
            request[_FRAME] = {**menu, **await self._head(login, request)}

    @property
    def site_names(self) -> tuple[str, ...]:
        """The operator's name in each language."""
        return tuple(self._templates.site[language] for language in Language)

    def words(self, language: Language) -> Callable[[str], str]:
        return self._templates.words(language)

    async def login_status(self, request: web.Request, *, used: bool | None = None) -> LoginStatus | None:
        """Return None without a session. `used` False: the request does not extend the session."""
        token = self.token(request)
        if not token:
            return None
        used = LIVE not in request.headers if used is None else used
        demanded = self.factors_demanded
        return await find_login(self.database, token, self.clock(), factors_demanded=demanded, used=used)

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
        """Return "" without the cookie."""
        return request.cookies.get(self._prefix + name, "")

    def drop_cookie(self, response: web.Response, name: str) -> None:
        response.del_cookie(self._prefix + name, path=self._path, httponly=True, samesite="Strict", secure=self._secure)

    def _behind_login(
        self, page: Page, right: Right | None, settles: Owed | None, *, writes: bool, limit: int = 0
    ) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            token = self.token(request)
            login = await self.login_status(request)
            if login is None:
                raise web.HTTPSeeOther("/staff/login")
            form, files = await _read(request, token, limit) if writes else (MultiDict[str](), {})
            if login.owed is not None and login.owed is not settles:
                raise web.HTTPSeeOther(SETTLED_AT[login.owed])
            visitor = Visitor(login, right, request, self.database, self.clock(), form, files)
            try:
                if right is not None and not login.access.has(right):
                    raise self._first_page(request, login)
                shown = await page(visitor)
            except web.HTTPNotFound:  # missing right or missing record: neither page nor log distinguishes them
                _log.warning("access.refused", **_log_facts(visitor))
                raise
            return await self._respond(visitor, shown)

        return handler

    def _first_page(self, request: web.Request, login: LoginStatus) -> web.HTTPException:
        """Lead from the overview to the first page that the account may open; other pages do not exist for it."""
        menu = groups(login.access, self._part_menus) if request.path == "/staff/" else ()
        return web.HTTPSeeOther(menu[0].entries[0].path) if menu else web.HTTPNotFound()

    async def _respond(self, visitor: Visitor, shown: HtmlPage | FileDownload | Redirect) -> web.StreamResponse:
        request = visitor.request
        if isinstance(shown, Redirect):
            response = web.Response(status=303, headers={"Location": shown.path})
            if shown.token:
                self.begin(response, shown.token)
            return response
        if isinstance(shown, FileDownload):
            return await self._send(visitor, shown)
        menu = self._menu(request, visitor.login, self.token(request))
        values = {**menu, **await self._head(visitor.login, request), **shown.values}
        return self.render(request, shown.template, values, shown.status)

    async def _send(self, visitor: Visitor, file: FileDownload) -> web.StreamResponse:
        """Send a file. It is recorded before its first byte leaves, and after its first part could be made."""
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "Content-Type": file.content_type}
        content = file.content
        first = content if isinstance(content, bytes) else await anext(content)
        if file.of:
            async with self.database.write() as connection:
                for place in sorted(file.of):
                    await visitor.record(connection, place, FileDownloaded(file.name, file.kind))
        if isinstance(content, bytes):
            return web.Response(body=content, headers=headers)
        response = web.StreamResponse(headers=headers)
        await send_parts(visitor.request, response, first, content, self._parts)
        return response

    async def _head(self, login: LoginStatus, request: web.Request) -> Mapping[str, Any]:
        """Return the name at the top: of the only place where the account has roles, else of the operator."""
        roles_at = set(login.access.roles)
        async with self.database.read() as connection:
            name = await self._site_name.at(connection, roles_at.pop() if len(roles_at) == 1 else None)
        return {"site": name[language(request)]}

    def _menu(self, request: web.Request, login: LoginStatus, token: str) -> Mapping[str, Any]:
        menu = groups(login.access, self._part_menus) if login.owed is None else ()
        search = bool(menu) and login.access.has(Right.money)
        csrf = csrf_token(request.config_dict[RULES], token)
        return {"access": login.access, "menu": menu, "search": search, "csrf": csrf}


def _log_facts(visitor: Visitor) -> Mapping[str, str]:
    request, right = visitor.request, visitor.right
    return {
        "account": visitor.access.account,
        "right": "" if right is None else right.value,
        "method": request.method,
        "route": route_pattern(request),
        "client": identify_client(request),
    }


async def _read(request: web.Request, token: str, limit: int) -> tuple[MultiDict[str], Mapping[str, Upload]]:
    rules = request.config_dict[RULES]
    if limit and request.content_type == "multipart/form-data":
        return await read_upload(request, rules, token, limit=limit)
    return await read_form(request, rules, token, limit=limit or None), {}
