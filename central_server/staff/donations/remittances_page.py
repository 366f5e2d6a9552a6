"""Enter gifts by bank transfer or cheque with the bank's advice, and have a second person confirm them."""

import re
from collections.abc import Callable, Mapping

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.ledger import voucher_files
from central_server.receipts.sealed_data import Donor, Seal, SealBroken
from central_server.reconciliation import remittances as rules
from central_server.reconciliation.remittances import FaultyEntry, RemittanceProblem, RemittanceRefused
from central_server.staff.donations.gift_wording import REMITTANCE_FAULTS, REMITTANCES
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts import audit_money_actions
from central_server.store.accounts.audit_money_actions import RemittanceAction
from central_server.store.catalogue import projects
from central_server.store.donations import remittances
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.remittances import PAGE, EnteredGift
from central_server.store.engine.connection import Connection
from central_server.store.ledger import vouchers
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from sync_contract.money import Money
from sync_contract.project import Project, Texts
from sync_contract.strict_model import Environment

_log = structlog.get_logger()
_AT = "/staff/remittances"
_ONE = _AT + "/{attempt:[0-9a-f]{32}}"
_FORM_BYTES = 64 * 1024
_BEFORE = re.compile(r"[0-9a-f]{32}")
_FIELD_OF = {
    RemittanceProblem.project: "project",
    RemittanceProblem.number_used: "number",
    RemittanceProblem.voucher: "voucher",
}
"""Of problems that are found after the form was read."""


class RemittancesPage:
    """`changed` is called after gifts changed."""

    def __init__(self, frame: PageFrame, seal: Seal, environment: Environment, changed: Callable[[], None]) -> None:
        self._frame = frame
        self._seal = seal
        self._environment = environment.value
        self._changed = changed

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._list, Right.money),
            frame.page(f"{_AT}/new", self._new, Right.money),
            frame.upload(f"{_AT}/new", self._enter, Right.money, limit=voucher_files.MAX_BYTES + _FORM_BYTES),
            frame.page(_ONE, self._show, Right.money),
            frame.page(f"{_ONE}/voucher", self._voucher, Right.money),
            frame.form(f"{_ONE}/confirm", self._confirm, Right.money),
            frame.form(f"{_ONE}/decline", self._decline, Right.money),
        ]

    async def _list(self, visitor: Visitor) -> HtmlPage:
        asked = visitor.request.query.get("before", "")
        before = asked if _BEFORE.fullmatch(asked) else ""
        async with visitor.database.read() as connection:
            waiting = await remittances.page(connection, visitor.tops, self._environment, waiting=True, limit=200)
            found = await remittances.page(
                connection, visitor.tops, self._environment, waiting=False, before=before, limit=PAGE + 1
            )
            shown = found[:PAGE]
            titles = await projects.titles(
                connection, {(each.attempt.community, each.project) for each in (*waiting, *shown)}
            )
            around = await places.every(connection, visitor.tops)
        values = {
            "waiting": waiting,
            "decided": shown,
            "titles": titles,
            "community_of": community_names(around),
            "kinds": REMITTANCES,
            "newest": _AT if before else "",
            "older": f"{_AT}?before={shown[-1].attempt.id}" if len(found) > PAGE else "",
        }
        return HtmlPage("remittances.html", values)

    async def _new(self, visitor: Visitor) -> HtmlPage:
        return await self._form(visitor, {})

    async def _form(self, visitor: Visitor, faults: Mapping[str, str], other: str = "") -> HtmlPage:
        """Show the form with the typed values. `other`: the path of the gift that has the number already."""
        async with visitor.database.read() as connection:
            offered: list[tuple[str, Texts, Project]] = []
            for community in await places.every(connection, visitor.tops, PlaceKind.community):
                known = await projects.all_offered(connection, community.id)
                offered += [(community.id, community.names, each) for each in known if each.permit is not None]
        values = {
            "offered": offered,
            "several": len({community for community, _, _ in offered}) > 1,
            "typed": {name: value for name, value in visitor.form.items() if name != "csrf"},
            "faults": faults,
            "fault_words": REMITTANCE_FAULTS,
            "other": other,
            "kinds": REMITTANCES,
        }
        return HtmlPage("remittance_new.html", values, 422 if faults else 200)

    async def _enter(self, visitor: Visitor) -> HtmlPage | Redirect:
        new = rules.read_remittance(visitor.form, visitor.now)
        if isinstance(new, FaultyEntry):
            return await self._form(visitor, {field: fault.value for field, fault in new.faults.items()})
        by = visitor.access.account
        try:
            voucher = voucher_files.read_voucher(visitor.files.get("voucher"), new.community, by, visitor.now)
            if voucher is None:
                raise RemittanceRefused(RemittanceProblem.voucher)
            async with visitor.database.write() as connection:
                await visitor.demand(connection, new.community)
                attempt = await rules.enter(
                    connection, new, voucher, self._seal, environment=self._environment, by=by, now=visitor.now
                )
                await _record(connection, visitor, audit_money_actions.RemittanceEntered, attempt)
        except RemittanceRefused as refused:
            other = await self._path_of(visitor, refused.gift)
            return await self._form(visitor, {_FIELD_OF.get(refused.problem, ""): refused.problem.value}, other)
        self._changed()
        return Redirect(f"{_AT}/{attempt.id}")

    async def _path_of(self, visitor: Visitor, attempt: str) -> str:
        """Return the path of another entry that the visitor may see, else ""."""
        async with visitor.database.read() as connection:
            other = await remittances.entered(connection, attempt) if attempt else None
            if other is None:
                return ""
            seen = await places.ancestors(connection, other.attempt.community)
        return "" if visitor.tops.isdisjoint(seen) else f"{_AT}/{attempt}"

    async def _show(self, visitor: Visitor) -> HtmlPage:
        return await self._one(visitor, None)

    async def _one(self, visitor: Visitor, fault: RemittanceProblem | None) -> HtmlPage:
        async with visitor.database.read() as connection:
            one = await self._requested(connection, visitor)
            title = await projects.titles(connection, {(one.attempt.community, one.project)})
            place = await places.get(connection, one.attempt.community)
        values = {
            "one": one,
            "unit": self._open(one),
            "title": title.get((one.attempt.community, one.project)),
            "place": place,
            "amount": Money(one.attempt.amount_minor, one.attempt.currency),
            "kinds": REMITTANCES,
            "fault": fault,
            "fault_words": REMITTANCE_FAULTS,
            "me": visitor.access.account,
        }
        return HtmlPage("remittance.html", values, 200 if fault is None else 422)

    def _open(self, one: EnteredGift) -> Donor | None:
        """Return what the unit stated, None after the decision."""
        if one.remittance.sealed is None:
            return None
        try:
            return self._seal.open(one.attempt.id, one.remittance.sealed, Donor)
        except SealBroken as error:
            _log.error("remittances.key", reason=str(error))
            return None

    async def _voucher(self, visitor: Visitor) -> FileDownload:
        async with visitor.database.read() as connection:
            one = await self._requested(connection, visitor)
            voucher = await vouchers.get(connection, one.remittance.voucher)
        if voucher is None:
            raise web.HTTPNotFound
        name = f"advice-{voucher.sha256[:12]}.{voucher_files.ENDINGS[voucher.content_type]}"
        return FileDownload(name, voucher.content_type, voucher.content)

    async def _confirm(self, visitor: Visitor) -> HtmlPage | Redirect:
        return await self._decide(visitor, confirm=True)

    async def _decline(self, visitor: Visitor) -> HtmlPage | Redirect:
        return await self._decide(visitor, confirm=False)

    async def _decide(self, visitor: Visitor, *, confirm: bool) -> HtmlPage | Redirect:
        note, by = visitor.form.get("note", ""), visitor.access.account
        try:
            async with visitor.database.write() as connection:
                one = await self._requested(connection, visitor)
                decide = rules.confirm if confirm else rules.decline
                await decide(connection, one, by=by, note=note, now=visitor.now)
                action = audit_money_actions.RemittanceConfirmed if confirm else audit_money_actions.RemittanceDeclined
                await _record(connection, visitor, action, one.attempt)
        except RemittanceRefused as refused:
            return await self._one(visitor, refused.problem)
        self._changed()
        return Redirect(f"{_AT}/{one.attempt.id}")

    async def _requested(self, connection: Connection, visitor: Visitor) -> EnteredGift:
        """Raises HTTPNotFound."""
        one = await remittances.entered(connection, visitor.request.match_info["attempt"])
        if one is None or one.attempt.environment != self._environment:
            raise web.HTTPNotFound
        await visitor.demand(connection, one.attempt.community)
        return one


async def _record(connection: Connection, visitor: Visitor, action: type[RemittanceAction], attempt: Attempt) -> None:
    done = action(attempt.id, attempt.bank, attempt.amount_minor, attempt.evidence)
    await visitor.record(connection, attempt.community, done)
