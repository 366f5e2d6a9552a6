"""A visitor's own account: what it may do, where it is logged in, and the ways to its password and second step."""

from aiohttp import web

from central_server.staff.accounts.browser_names import known_as
from central_server.staff.accounts.password_confirmation import Told, present_password
from central_server.staff.frame.page_frame import Desk, Onward, Shown, Visitor
from central_server.store.accounts import audit_trail, sessions
from central_server.store.places import places


class OwnPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            self._desk.page("/staff/me", self._show, None),
            self._desk.form("/staff/me/sessions", self._end_others, None),
            self._desk.form("/staff/me/sessions/{session:[0-9a-f]{16}}", self._end, None),
        ]

    async def _show(self, visitor: Visitor) -> Shown:
        return await self._page(visitor)

    async def _page(self, visitor: Visitor, fault: str = "") -> Shown:
        async with visitor.database.read() as connection:
            running = await sessions.of_account(connection, visitor.access.account)
            held = [(await places.get(connection, place), role) for place, role in visitor.access.roles.items()]
        standing = visitor.standing
        values = {
            "account": standing.account,
            "held": [(place, role) for place, role in held if place is not None],
            "running": [(session, known_as(session.agent)) for session in running],
            "this": standing.session.id,
            "demanded": self._desk.factors_demanded,
            "fault": fault,
        }
        return Shown("own.html", values, status=422 if fault else 200)

    async def _end(self, visitor: Visitor) -> Shown | Onward:
        told = await present_password(visitor, visitor.form.get("password", ""))
        if told is not Told.right:
            return await self._refused(visitor, told)
        session = visitor.request.match_info["session"]
        account = visitor.standing.account
        async with visitor.database.write() as connection:
            if not await sessions.end_named(connection, account.name, session):
                raise web.HTTPNotFound
            await audit_trail.record(connection, visitor.did("sessions.end", account.home, account.name, "sessions: 1"))
        return Onward("/staff/me")

    async def _end_others(self, visitor: Visitor) -> Shown | Onward:
        told = await present_password(visitor, visitor.form.get("password", ""))
        if told is not Told.right:
            return await self._refused(visitor, told)
        account = visitor.standing.account
        async with visitor.database.write() as connection:
            ended = await sessions.end_all(connection, account.name, but=visitor.standing.session.token_hash)
            await audit_trail.record(
                connection, visitor.did("sessions.end", account.home, account.name, f"sessions: {ended}")
            )
        return Onward("/staff/me")

    async def _refused(self, visitor: Visitor, told: Told) -> Shown | Onward:
        return Onward("/staff/login") if told is Told.over else await self._page(visitor, told)
