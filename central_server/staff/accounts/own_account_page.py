"""Show the visitor's own account: roles, running sessions, links to password and second step."""

from aiohttp import web

from central_server.staff.accounts.browser_names import browser_name
from central_server.staff.accounts.password_confirmation import PasswordCheck, present_password
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts import audit_actions, sessions
from central_server.store.places import places


class OwnAccountPage:
    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page("/staff/me", self._page, None),
            self._frame.form("/staff/me/sessions", self._end_others, None),
            self._frame.form("/staff/me/sessions/{session:[0-9a-f]{16}}", self._end, None),
        ]

    async def _page(self, visitor: Visitor, fault: str = "") -> HtmlPage:
        async with visitor.database.read() as connection:
            running = await sessions.of_account(connection, visitor.access.account)
            grants = [(await places.get(connection, place), role) for place, role in visitor.access.roles.items()]
        login = visitor.login
        values = {
            "account": login.account,
            "grants": [(place, role) for place, role in grants if place is not None],
            "running": [(session, browser_name(session.agent)) for session in running],
            "this": login.session.id,
            "demanded": self._frame.factors_demanded,
            "fault": fault,
        }
        return HtmlPage("own_account.html", values, status=422 if fault else 200)

    async def _end(self, visitor: Visitor) -> HtmlPage | Redirect:
        checked = await present_password(visitor, visitor.form.get("password", ""))
        if checked is not PasswordCheck.right:
            return await self._refused(visitor, checked)
        session = visitor.request.match_info["session"]
        account = visitor.login.account
        async with visitor.database.write() as connection:
            if not await sessions.end_named(connection, account.name, session):
                raise web.HTTPNotFound
            await visitor.record(connection, account.home, audit_actions.SessionsEnded(account.name, 1))
        return Redirect("/staff/me")

    async def _end_others(self, visitor: Visitor) -> HtmlPage | Redirect:
        checked = await present_password(visitor, visitor.form.get("password", ""))
        if checked is not PasswordCheck.right:
            return await self._refused(visitor, checked)
        account = visitor.login.account
        async with visitor.database.write() as connection:
            ended = await sessions.end_all(connection, account.name, but=visitor.login.session.token_hash)
            await visitor.record(connection, account.home, audit_actions.SessionsEnded(account.name, ended))
        return Redirect("/staff/me")

    async def _refused(self, visitor: Visitor, checked: PasswordCheck) -> HtmlPage | Redirect:
        return Redirect("/staff/login") if checked is PasswordCheck.over else await self._page(visitor, checked)
