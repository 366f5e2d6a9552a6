"""Set up and remove the visitor's second step, an app that shows time-based codes."""

import structlog
from aiohttp import web

from central_server.accounts import second_factor
from central_server.accounts import sessions as running
from central_server.accounts.login import Client, take_code, wrong_secret
from central_server.accounts.second_factor import Seal, SecretUnreadable
from central_server.accounts.sessions import Owed
from central_server.staff.accounts.password_confirmation import PasswordCheck, present_password
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts import accounts, audit_actions, sessions
from daemonkit.web import identify_client
from sync_contract.project import Texts
from sync_contract.strict_model import Language

_log = structlog.get_logger()


class SecondFactorPage:
    """`site`: name of this server in the app."""

    def __init__(self, frame: PageFrame, seal: Seal, site: Texts) -> None:
        self._frame = frame
        self._seal = seal
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page("/staff/factor", self._show, None, settles=Owed.factor),
            self._frame.form("/staff/factor/begin", self._begin, None, settles=Owed.factor),
            self._frame.form("/staff/factor/prove", self._prove, None, settles=Owed.factor),
            self._frame.form("/staff/factor/remove", self._remove, None),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        return self._page(visitor)

    async def _begin(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Store a secret; it is required at login only after a right code proves it."""
        checked = await present_password(visitor, visitor.form.get("password", ""))
        if checked is not PasswordCheck.right:
            return self._unproved(visitor, checked)
        account = visitor.login.account
        if not account.has_factor:
            sealed = self._seal.close(account.name, second_factor.new_secret())
            async with visitor.database.write() as connection:
                now = await accounts.get(connection, account.name, lock=True)
                if now is not None and not now.has_factor:
                    await accounts.set_factor(connection, account.name, sealed)
                    await visitor.record(connection, account.home, audit_actions.FactorSetUpStarted(account.name))
        return Redirect("/staff/factor")

    async def _prove(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Give the session a new token with the factor given, and end all other sessions."""
        code = visitor.form.get("code", "")
        async with visitor.database.write() as connection:
            account = await accounts.get(connection, visitor.access.account, lock=True)
            if account is None or account.has_factor or account.factor_secret is None:
                return Redirect("/staff/factor")
            try:
                right = await take_code(connection, self._seal, account, code, visitor.now)
            except SecretUnreadable:
                return self._page(visitor, "unreadable")
            if right:
                token = await running.renew(connection, visitor.login.session, visitor.now, factor_given=True)
                await accounts.prove_factor(connection, account.name, visitor.now, but=running.hash_of(token))
                await visitor.record(connection, account.home, audit_actions.FactorEnrolled(account.name))
                return Redirect("/staff/me", token)
        return await self._wrong_code(visitor)

    async def _remove(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Remove the factor and end all other sessions."""
        checked = await present_password(visitor, visitor.form.get("password", ""))
        if checked is not PasswordCheck.right:
            return self._unproved(visitor, checked)
        code = visitor.form.get("code", "")
        async with visitor.database.write() as connection:
            account = await accounts.get(connection, visitor.access.account, lock=True)
            if account is None or not account.has_factor:
                return Redirect("/staff/factor")
            try:
                right = await take_code(connection, self._seal, account, code, visitor.now)
            except SecretUnreadable:
                return self._page(visitor, "unreadable")
            if right:
                await accounts.set_factor(connection, account.name, None)
                await sessions.end_all(connection, account.name, but=visitor.login.session.token_hash)
                await visitor.record(connection, account.home, audit_actions.FactorRemoved(account.name))
                return Redirect("/staff/me")
        return await self._wrong_code(visitor)

    async def _wrong_code(self, visitor: Visitor) -> HtmlPage | Redirect:
        peer = Client(identify_client(visitor.request))
        if await wrong_secret(visitor.database, visitor.login, peer, audit_actions.CodeRejected, visitor.now):
            return Redirect("/staff/login")
        return self._page(visitor, "wrong")

    def _unproved(self, visitor: Visitor, checked: PasswordCheck) -> HtmlPage | Redirect:
        return Redirect("/staff/login") if checked is PasswordCheck.over else self._page(visitor, "password")

    def _page(self, visitor: Visitor, fault: str = "") -> HtmlPage:
        account = visitor.login.account
        values = {
            "account": account,
            "fault": fault,
            "owed": visitor.login.owed is Owed.factor,
            "secret": "",
            "picture": "",
            "demanded": self._frame.factors_demanded,
        }
        if account.factor_secret is not None and not account.has_factor:
            try:
                secret = self._seal.open(account.name, account.factor_secret)
            except SecretUnreadable:  # the key in the state folder was replaced: set up again
                _log.exception("factor.unreadable", account=account.name)
            else:
                import segno  # imported late: rarely used

                issuer = self._site[Language.en]
                picture = segno.make_qr(second_factor.address(secret, account.name, issuer), error="m")
                values["secret"] = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
                values["picture"] = picture.svg_data_uri(scale=6, border=4, dark="#2b211b", light="#fffdf8")
        return HtmlPage("second_factor.html", values, status=422 if fault else 200)
