"""Serve personal tokens: an account's own ones; who governs a place may also revoke those of its accounts."""

from datetime import datetime

from aiohttp import web

from central_server.accounts.access import Right
from central_server.api import tokens as personal
from central_server.api.tokens import LIFETIMES_DAYS, MAX_OF_ACCOUNT, Scope
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts import accounts, audit_actions
from central_server.store.api import tokens
from central_server.store.api.tokens import StoredToken
from central_server.store.engine.connection import Connection
from central_server.store.places import places

MAX_LABEL = 60


class TokensPage:
    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page("/staff/tokens", _shown, None),
            self._frame.form("/staff/tokens", self._make, None),
            self._frame.form("/staff/tokens/revoke", self._revoke, None),
        ]

    async def _make(self, visitor: Visitor) -> HtmlPage:
        label = " ".join(visitor.form.get("label", "").split())
        scopes = frozenset(scope for scope in Scope if visitor.form.get(f"scope-{scope.name}") == "on")
        days = visitor.form.get("days", "")
        if not 1 <= len(label) <= MAX_LABEL or not label.isprintable() or not scopes:
            return await _shown(visitor, fault="incomplete")
        if days not in [str(each) for each in LIFETIMES_DAYS]:
            return await _shown(visitor, fault="incomplete")
        name = visitor.access.account
        async with visitor.database.write() as connection:
            account = await accounts.get(connection, name, lock=True)
            assert account is not None  # of the login
            own = await tokens.of_accounts(connection, [name])
            if sum(_is_live(token, visitor.now) for token in own) >= MAX_OF_ACCOUNT:
                too_many = True
            else:
                too_many = False
                text, made = personal.make_token(name, label, scopes, int(days), visitor.now)
                await tokens.add(connection, made)
                action = audit_actions.TokenMade(made.id, label, tuple(made.scopes.split()), int(days))
                await visitor.record(connection, account.home, action)
        return await _shown(visitor, fault="too_many") if too_many else await _shown(visitor, given=text)

    async def _revoke(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            token = await tokens.get(connection, visitor.form.get("token", ""))
            account = None if token is None else await accounts.get(connection, token.account)
            if token is None or account is None or not await _may_end(connection, visitor, token, account.home):
                raise web.HTTPNotFound
            if await tokens.revoke(connection, token.id, visitor.now):
                await visitor.record(connection, account.home, audit_actions.TokenRevoked(token.id, token.label))
        return Redirect("/staff/tokens")


async def _may_end(connection: Connection, visitor: Visitor, token: StoredToken, home: str) -> bool:
    if token.account == visitor.access.account:
        return True
    return visitor.access.may(Right.govern, await places.ancestors(connection, home))


async def _shown(visitor: Visitor, *, given: str = "", fault: str = "") -> HtmlPage:
    """`given`: the text of a new token, shown once."""
    name = visitor.access.account
    governed = visitor.access.places(Right.govern)
    async with visitor.database.read() as connection:
        own = await tokens.of_accounts(connection, [name])
        others: tuple[StoredToken, ...] = ()
        if governed:
            known = [
                account.name
                for account in await accounts.every(connection, governed)
                if account.name != name
                and visitor.access.may(Right.govern, await places.ancestors(connection, account.home))
            ]
            others = await tokens.of_accounts(connection, known)
    values = {
        "own": [(token, _state(token, visitor.now)) for token in own],
        "others": [(token, _state(token, visitor.now)) for token in others],
        "scopes": list(Scope),
        "lives": LIFETIMES_DAYS,
        "given": given,
        "fault": fault,
        "most_label": MAX_LABEL,
        "most": MAX_OF_ACCOUNT,
    }
    return HtmlPage("tokens.html", values, 422 if fault else 200)


def _is_live(token: StoredToken, now: datetime) -> bool:
    return token.revoked_at is None and token.ends_at > now


def _state(token: StoredToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "live" if token.ends_at > now else "ended"
