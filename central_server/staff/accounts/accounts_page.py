"""Manage accounts at and below the places that the visitor governs."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from aiohttp import web

from central_server.accounts import account_administration, passwords
from central_server.accounts.access import Right, Role
from central_server.accounts.account_administration import Governed, LastGovernor, NameTaken, NotGoverned
from central_server.accounts.account_names import NameRefused
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor, parts
from central_server.staff.places import place_tree
from central_server.store.accounts import accounts, audit_actions, sessions
from central_server.store.accounts.accounts import PAGE
from central_server.store.accounts.audit_records import AuditAction
from central_server.store.accounts.independence import are_independent
from central_server.store.engine.connection import Connection
from central_server.store.places import places

Work = Callable[[Connection, Visitor, Governed], Awaitable[tuple[str, AuditAction] | None]]
"""Changes an account; returns the place and the action for the audit trail, None for no change.

Raises NotGoverned, LastGovernor."""


class AccountsPage:
    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame

    def routes(self) -> list[web.RouteDef]:
        one = "/staff/accounts/{name:[^/]{1,64}}"
        actions: dict[str, Work] = {
            "role": _grant,
            "revoke": _revoke,
            "unlock": _unlock,
            "disable": _disable,
            "enable": _enable,
            "sessions": _end_sessions,
            "factor": _reset_factor,
            "confirm": _confirm,
        }
        return [
            self._frame.page("/staff/accounts", self._show_all, Right.govern),
            self._frame.form("/staff/accounts", self._add, Right.govern),
            self._frame.page(one, self._show, Right.govern),
            self._frame.form(f"{one}/password", self._give_password, Right.govern),
            *(self._frame.form(f"{one}/{name}", _action_handler(work), Right.govern) for name, work in actions.items()),
        ]

    async def _show_all(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            return await _list(connection, visitor)

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            return await _page(connection, visitor, await _requested_account(connection, visitor))

    async def _add(self, visitor: Visitor) -> HtmlPage:
        """Show the one-time password once, in this response."""
        form = visitor.form
        password = passwords.one_time()
        hashed = await passwords.hashed(password)
        async with visitor.database.write() as connection:
            place = form.get("place", "")
            await visitor.demand(connection, place)
            role = form.get("role", "")
            if role not in list(Role):
                return await _list(connection, visitor, "role")
            try:
                name = await account_administration.add(
                    connection, form.get("name", ""), hashed, place, Role(role), visitor.now, by=visitor.access.account
                )
            except NameRefused:
                return await _list(connection, visitor, "name")
            except NameTaken:
                return await _list(connection, visitor, "taken")
            await visitor.record(connection, place, audit_actions.AccountAdded(name, role))
        return HtmlPage("password_given.html", {"name": name, "password": password, "address": address(name)})

    async def _give_password(self, visitor: Visitor) -> HtmlPage:
        password = passwords.one_time()
        hashed = await passwords.hashed(password)
        async with visitor.database.write() as connection:
            governed = await _requested_account(connection, visitor, lock=True)
            name = governed.account.name
            if name == visitor.access.account:
                raise web.HTTPNotFound  # changing one's own password requires the old one
            try:
                await account_administration.give_password(
                    connection, governed, hashed, visitor.now, by=visitor.access.account
                )
            except NotGoverned as error:
                raise web.HTTPNotFound from error
            await visitor.record(connection, governed.account.home, audit_actions.PasswordReset(name))
        return HtmlPage("password_given.html", {"name": name, "password": password, "address": address(name)})


def address(name: str) -> str:
    return f"/staff/accounts/{quote(name, safe='')}"


def _action_handler(work: Work) -> Callable[[Visitor], Awaitable[HtmlPage | Redirect]]:
    async def handler(visitor: Visitor) -> HtmlPage | Redirect:
        async with visitor.database.write() as connection:
            governed = await _requested_account(connection, visitor, lock=True)
            try:
                done = await work(connection, visitor, governed)
            except NotGoverned as error:
                raise web.HTTPNotFound from error
            except LastGovernor:
                return await _page(connection, visitor, governed, "last")
            if done is not None:
                await visitor.record(connection, *done)
        return Redirect(address(governed.account.name))

    return handler


async def _grant(connection: Connection, visitor: Visitor, governed: Governed) -> tuple[str, AuditAction] | None:
    place, role = visitor.form.get("place", ""), visitor.form.get("role", "")
    await visitor.demand(connection, place)
    if role not in list(Role):
        raise NotGoverned(role)
    before = governed.roles.get(place)
    if before == role:
        return None
    await account_administration.grant(connection, governed, place, Role(role), visitor.now, by=visitor.access.account)
    return place, audit_actions.RoleGranted(governed.account.name, before or "", role)


async def _revoke(connection: Connection, visitor: Visitor, governed: Governed) -> tuple[str, AuditAction]:
    place = visitor.form.get("place", "")
    role = await account_administration.revoke(connection, governed, place)
    return place, audit_actions.RoleRevoked(governed.account.name, role)


async def _unlock(connection: Connection, visitor: Visitor, governed: Governed) -> tuple[str, AuditAction]:
    governed.demand_wholly()
    await accounts.forget_failures(connection, governed.account.name)
    return governed.account.home, audit_actions.AccountUnlocked(governed.account.name)


async def _disable(connection: Connection, visitor: Visitor, governed: Governed) -> tuple[str, AuditAction]:
    if governed.account.name == visitor.access.account:
        raise NotGoverned(governed.account.name)
    await account_administration.disable(connection, governed, visitor.now)
    return governed.account.home, audit_actions.AccountDisabled(governed.account.name)


async def _enable(connection: Connection, visitor: Visitor, governed: Governed) -> tuple[str, AuditAction]:
    governed.demand_wholly()
    await accounts.disable(connection, governed.account.name, None)
    return governed.account.home, audit_actions.AccountEnabled(governed.account.name)


async def _end_sessions(connection: Connection, visitor: Visitor, governed: Governed) -> tuple[str, AuditAction]:
    governed.demand_wholly()
    name = governed.account.name
    ended = await sessions.end_all(connection, name, but=visitor.login.session.token_hash)
    return governed.account.home, audit_actions.SessionsEnded(name, ended)


async def _reset_factor(connection: Connection, visitor: Visitor, governed: Governed) -> tuple[str, AuditAction]:
    governed.demand_wholly()
    if governed.account.name == visitor.access.account:
        raise NotGoverned(governed.account.name)  # one's own factor is removed with a code, or by another administrator
    await account_administration.reset_factor(connection, governed.account.name, by=visitor.access.account)
    return governed.account.home, audit_actions.FactorReset(governed.account.name)


async def _confirm(connection: Connection, visitor: Visitor, governed: Governed) -> tuple[str, AuditAction]:
    await account_administration.confirm(connection, governed, visitor.access.account)
    return governed.account.home, audit_actions.AccountConfirmed(governed.account.name)


async def _requested_account(connection: Connection, visitor: Visitor, *, lock: bool = False) -> Governed:
    try:
        return await account_administration.one(connection, visitor.request.match_info["name"], visitor.tops, lock=lock)
    except NotGoverned as error:
        raise web.HTTPNotFound from error


async def _list(connection: Connection, visitor: Visitor, fault: str = "") -> HtmlPage:
    known = await places.every(connection, visitor.tops)
    query = visitor.request.query
    words, after = query.get("words", "").strip()[:64], query.get("after", "")[:64]
    found = await account_administration.page(connection, visitor.tops, words, after, PAGE + 1)
    values = {
        "accounts": found[:PAGE],
        "words": words,
        **parts("/staff/accounts", words, after, found[PAGE - 1][0].name if len(found) > PAGE else ""),
        "names": {place.id: place.names for place in known},
        "places": place_tree.rows(known),
        "roles": [role.value for role in Role],
        "now": visitor.now,
        "fault": fault,
        "given": dict(visitor.form) if fault else {},
        "address": address,
    }
    return HtmlPage("accounts.html", values, status=422 if fault else 200)


async def _page(connection: Connection, visitor: Visitor, governed: Governed, fault: str = "") -> HtmlPage:
    known = await places.every(connection, visitor.tops)
    account = governed.account
    values = {
        "account": account,
        "own": account.name == visitor.access.account,
        "governed": governed,
        "locked": account.locked_until is not None and visitor.now < account.locked_until,
        "running": await sessions.of_account(connection, account.name) if governed.wholly else (),
        "names": {place.id: place.names for place in known},
        "places": place_tree.rows(known),
        "roles": [role.value for role in Role],
        "now": visitor.now,
        "fault": fault,
        "confirmable": governed.wholly
        and account.confirmed_by is None
        and await are_independent(connection, account.name, visitor.access.account),
        "address": address(account.name),
    }
    return HtmlPage("account.html", values, status=422 if fault else 200)
