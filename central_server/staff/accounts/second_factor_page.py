"""A visitor sets up the second step, an app that shows codes by time, or takes it away again."""

import structlog
from aiohttp import web

from central_server.accounts import second_factor
from central_server.accounts import sessions as running
from central_server.accounts.login import Client, take_code, wrong_secret
from central_server.accounts.second_factor import Seal, SecretUnreadable
from central_server.accounts.sessions import Owed
from central_server.staff.accounts.password_confirmation import Told, present_password
from central_server.staff.frame.page_frame import Desk, Onward, Shown, Visitor
from central_server.store.accounts import accounts, audit_trail, sessions
from daemonkit.web import identify_client
from sync_contract.project import Texts
from sync_contract.strict_model import Language

_log = structlog.get_logger()


class FactorPage:
    """`site`: what the app calls this server."""

    def __init__(self, desk: Desk, seal: Seal, site: Texts) -> None:
        self._desk = desk
        self._seal = seal
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        return [
            self._desk.page("/staff/factor", self._show, None, settles=Owed.factor),
            self._desk.form("/staff/factor/begin", self._begin, None, settles=Owed.factor),
            self._desk.form("/staff/factor/prove", self._prove, None, settles=Owed.factor),
            self._desk.form("/staff/factor/remove", self._remove, None),
        ]

    async def _show(self, visitor: Visitor) -> Shown:
        return self._page(visitor)

    async def _begin(self, visitor: Visitor) -> Shown | Onward:
        """A secret that holds nothing back yet: only a right code makes it the second step."""
        told = await present_password(visitor, visitor.form.get("password", ""))
        if told is not Told.right:
            return self._unproved(visitor, told)
        account = visitor.standing.account
        if not account.has_factor:
            sealed = self._seal.close(account.name, second_factor.new_secret())
            async with visitor.database.write() as connection:
                now = await accounts.get(connection, account.name, lock=True)
                if now is not None and not now.has_factor:
                    await accounts.set_factor(connection, account.name, sealed)
                    await audit_trail.record(connection, visitor.did("factor.begin", account.home, account.name))
        return Onward("/staff/factor")

    async def _prove(self, visitor: Visitor) -> Shown | Onward:
        """The session goes on under a new token, as one in which a code was given. All others end."""
        code = visitor.form.get("code", "")
        async with visitor.database.write() as connection:
            account = await accounts.get(connection, visitor.access.account, lock=True)
            if account is None or account.has_factor or account.factor_secret is None:
                return Onward("/staff/factor")
            try:
                right = await take_code(connection, self._seal, account, code, visitor.now)
            except SecretUnreadable:
                return self._page(visitor, "unreadable")
            if right:
                token = await running.renew(connection, visitor.standing.session, visitor.now, factor_given=True)
                await accounts.prove_factor(connection, account.name, visitor.now, but=running.hash_of(token))
                await audit_trail.record(connection, visitor.did("factor.enrol", account.home, account.name))
                return Onward("/staff/me", token)
        if await wrong_secret(visitor.database, visitor.standing, _client(visitor), "factor.refuse", visitor.now):
            return Onward("/staff/login")
        return self._page(visitor, "wrong")

    async def _remove(self, visitor: Visitor) -> Shown | Onward:
        """All other sessions end."""
        told = await present_password(visitor, visitor.form.get("password", ""))
        if told is not Told.right:
            return self._unproved(visitor, told)
        code = visitor.form.get("code", "")
        async with visitor.database.write() as connection:
            account = await accounts.get(connection, visitor.access.account, lock=True)
            if account is None or not account.has_factor:
                return Onward("/staff/factor")
            try:
                right = await take_code(connection, self._seal, account, code, visitor.now)
            except SecretUnreadable:
                return self._page(visitor, "unreadable")
            if right:
                await accounts.set_factor(connection, account.name, None)
                await sessions.end_all(connection, account.name, but=visitor.standing.session.token_hash)
                await audit_trail.record(connection, visitor.did("factor.remove", account.home, account.name))
                return Onward("/staff/me")
        if await wrong_secret(visitor.database, visitor.standing, _client(visitor), "factor.refuse", visitor.now):
            return Onward("/staff/login")
        return self._page(visitor, "wrong")

    def _unproved(self, visitor: Visitor, told: Told) -> Shown | Onward:
        return Onward("/staff/login") if told is Told.over else self._page(visitor, "password")

    def _page(self, visitor: Visitor, fault: str = "") -> Shown:
        account = visitor.standing.account
        values = {
            "account": account,
            "fault": fault,
            "owed": visitor.standing.owed is Owed.factor,
            "secret": "",
            "picture": "",
            "demanded": self._desk.factors_demanded,
        }
        if account.factor_secret is not None and not account.has_factor:
            try:
                secret = self._seal.open(account.name, account.factor_secret)
            except SecretUnreadable:  # the key of the state folder is another one now: begin anew
                _log.exception("factor.unreadable", account=account.name)
            else:
                import segno  # seldom: one in an account's life

                issuer = self._site[Language.en]
                picture = segno.make_qr(second_factor.address(secret, account.name, issuer), error="m")
                values["secret"] = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
                values["picture"] = picture.svg_data_uri(scale=6, border=4, dark="#2b211b", light="#fffdf8")
        return Shown("factor.html", values, status=422 if fault else 200)


def _client(visitor: Visitor) -> Client:
    return Client(identify_client(visitor.request))
