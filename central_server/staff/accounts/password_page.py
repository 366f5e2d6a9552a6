"""Change the visitor's password; required after a login with a one-time password."""

from aiohttp import web

from central_server.accounts import passwords
from central_server.accounts import sessions as running
from central_server.accounts.passwords import PasswordRefused, Weakness
from central_server.accounts.sessions import Owed
from central_server.staff.accounts.password_confirmation import PasswordCheck, present_password
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts import accounts, audit_actions


class PasswordPage:
    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page("/staff/password", self._ask, None, settles=Owed.password),
            self._frame.form("/staff/password", self._change, None, settles=Owed.password),
        ]

    async def _ask(self, visitor: Visitor) -> HtmlPage:
        return _page(visitor)

    async def _change(self, visitor: Visitor) -> HtmlPage | Redirect:
        """End all other sessions; this one gets a new token."""
        account, new = visitor.login.account, visitor.form.get("new", "")
        if new != visitor.form.get("again", ""):
            return _page(visitor, "differ")
        try:
            passwords.check(account.name, new, self._frame.site_names)
        except PasswordRefused as error:
            return _page(visitor, error.weakness)
        checked = await present_password(visitor, visitor.form.get("old", ""))
        if checked is not PasswordCheck.right:
            return Redirect("/staff/login") if checked is PasswordCheck.over else _page(visitor, checked)
        if await passwords.fits(account.password, new):
            return _page(visitor, Weakness.same)
        hashed = await passwords.hashed(new)
        async with visitor.database.write() as connection:
            token = await running.renew(
                connection, visitor.login.session, visitor.now, factor_given=visitor.login.session.factor_given
            )
            await accounts.set_password(connection, account.name, hashed, but=running.hash_of(token))
            await visitor.record(connection, account.home, audit_actions.PasswordChanged(account.name))
        return Redirect("/staff/" if visitor.login.owed else "/staff/me", token)


def _page(visitor: Visitor, fault: str = "") -> HtmlPage:
    values = {"fault": fault, "one_time": visitor.login.owed is Owed.password, "shortest": passwords.SHORTEST}
    return HtmlPage("password.html", values, status=422 if fault else 200)
