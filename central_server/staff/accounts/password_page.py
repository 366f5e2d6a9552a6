"""A visitor changes the own password; whoever logged in with a one-time password must."""

from aiohttp import web

from central_server.accounts import passwords
from central_server.accounts import sessions as running
from central_server.accounts.passwords import PasswordRefused, Weakness
from central_server.accounts.sessions import Owed
from central_server.staff.accounts.password_confirmation import Told, present_password
from central_server.staff.frame.page_frame import Desk, Onward, Shown, Visitor
from central_server.store.accounts import accounts, audit_trail


class PasswordPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            self._desk.page("/staff/password", self._ask, None, settles=Owed.password),
            self._desk.form("/staff/password", self._change, None, settles=Owed.password),
        ]

    async def _ask(self, visitor: Visitor) -> Shown:
        return _page(visitor)

    async def _change(self, visitor: Visitor) -> Shown | Onward:
        """All other sessions end; this one goes on under a new token."""
        account, new = visitor.standing.account, visitor.form.get("new", "")
        if new != visitor.form.get("again", ""):
            return _page(visitor, "differ")
        try:
            passwords.check(account.name, new, self._desk.called)
        except PasswordRefused as error:
            return _page(visitor, error.weakness)
        told = await present_password(visitor, visitor.form.get("old", ""))
        if told is not Told.right:
            return Onward("/staff/login") if told is Told.over else _page(visitor, told)
        if await passwords.fits(account.password, new):
            return _page(visitor, Weakness.same)
        hashed = await passwords.hashed(new)
        async with visitor.database.write() as connection:
            token = await running.renew(
                connection, visitor.standing.session, visitor.now, factor_given=visitor.standing.session.factor_given
            )
            await accounts.set_password(connection, account.name, hashed, but=running.hash_of(token))
            await audit_trail.record(connection, visitor.did("password.change", account.home, account.name))
        return Onward("/staff/" if visitor.standing.owed else "/staff/me", token)


def _page(visitor: Visitor, fault: str = "") -> Shown:
    values = {"fault": fault, "one_time": visitor.standing.owed is Owed.password, "shortest": passwords.SHORTEST}
    return Shown("password.html", values, status=422 if fault else 200)
