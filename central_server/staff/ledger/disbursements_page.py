"""Request disbursements with a voucher, have another person decide, and correct them by further lines."""

import re
from dataclasses import replace
from datetime import date

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.catalogue.field_parsing import yuan_to_fen
from central_server.families import help_receipts
from central_server.ledger import spending, voucher_files
from central_server.ledger.spending import SpendingProblem, SpendingRefused
from central_server.ledger.spending_rules import SpendingRules
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor
from central_server.staff.ledger.ledger_wording import REFUSED, STATES
from central_server.store.accounts import audit_money_actions
from central_server.store.accounts.audit_money_actions import DisbursementAction
from central_server.store.catalogue import projects
from central_server.store.engine.connection import Connection
from central_server.store.families import helps
from central_server.store.ledger import disbursements, purses, vouchers
from central_server.store.ledger.disbursements import PAGE, Disbursement
from central_server.store.ledger.purses import PurseRow
from central_server.store.ledger.vouchers import Voucher
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.web import Upload
from sync_contract.entered_date import read_entered_date
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Project
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id

_AT = "/staff/disbursements"
_ONE = _AT + "/{disbursement:[0-9a-f]{32}}"
_FORM_BYTES = 64 * 1024
_BEFORE = re.compile(r"[0-9a-f]{32}")


class DisbursementsPage:
    def __init__(self, frame: PageFrame, environment: Environment, rules: SpendingRules) -> None:
        self._frame = frame
        self._environment = environment.value
        self._rules = rules

    def routes(self) -> list[web.RouteDef]:
        frame, limit = self._frame, voucher_files.MAX_BYTES + _FORM_BYTES
        return [
            frame.page(_AT, self._list, Right.money),
            frame.page(f"{_AT}/new", self._new, Right.money),
            frame.upload(f"{_AT}/new", self._request, Right.money, limit=limit),
            frame.form(f"{_AT}/move", self._move, Right.money),
            frame.upload(f"{_AT}/cover", self._cover, Right.money, limit=limit),
            frame.page(_ONE, self._show, Right.money),
            frame.page(f"{_ONE}/voucher", self._voucher, Right.money),
            frame.form(f"{_ONE}/approve", self._approve, Right.money),
            frame.form(f"{_ONE}/decline", self._decline, Right.money),
            frame.form(f"{_ONE}/correct", self._correct, Right.money),
        ]

    async def _list(self, visitor: Visitor) -> HtmlPage:
        asked = visitor.request.query.get("before", "")
        before = asked if _BEFORE.fullmatch(asked) else ""
        async with visitor.database.read() as connection:
            waiting = await disbursements.page(connection, visitor.tops, self._environment, waiting=True)
            found = await disbursements.page(
                connection, visitor.tops, self._environment, waiting=False, before=before, limit=PAGE + 1
            )
            titles = await _titles(connection, (*waiting, *found))
            around = await places.every(connection, visitor.tops)
        values = {
            "waiting": waiting,
            "others": [each for each in found[:PAGE] if each.state != "requested"],
            "titles": titles,
            "community_of": community_names(around),
            "states": STATES,
            "newest": _AT if before else "",
            "older": f"{_AT}?before={found[PAGE - 1].id}" if len(found) > PAGE else "",
        }
        return HtmlPage("disbursements.html", values)

    async def _new(self, visitor: Visitor) -> HtmlPage:
        return await self._form(visitor, None)

    async def _form(self, visitor: Visitor, fault: SpendingProblem | None) -> HtmlPage:
        """Show the form for a new request, with the typed values."""
        async with visitor.database.read() as connection:
            found = await self._purses(connection, visitor)
            others = {
                project.id: project.title[visitor.language]
                for project in await projects.every(connection, visitor.tops)
                if not project.withdrawn
            }
        values = {
            "purses": [(community, name, project, row.balance_minor) for community, name, project, row in found],
            "short": [
                (community, name, project, row.owed_minor) for community, name, project, row in found if row.owed_minor
            ],
            "others": others,
            "typed": {name: value for name, value in visitor.form.items() if name != "csrf"},
            "fault": fault,
            "refused": REFUSED,
        }
        return HtmlPage("disbursement_new.html", values, 200 if fault is None else 422)

    async def _request(self, visitor: Visitor) -> HtmlPage | Redirect:
        try:
            voucher = _voucher_of(visitor.files.get("voucher"), visitor)
            disbursement = self._typed(visitor, voucher=voucher.sha256)
            async with visitor.database.write() as connection:
                await visitor.demand(connection, disbursement.community)
                await vouchers.add(connection, voucher)
                await spending.ask(connection, disbursement, visitor.now, self._rules)
                await help_receipts.name_cases(
                    connection, disbursement, visitor.form.get("cases", ""), visitor.form.get("form", "")
                )
                await _record(connection, visitor, audit_money_actions.DisbursementRequested, disbursement)
        except SpendingRefused as refused:
            return await self._form(visitor, refused.problem)
        return Redirect(f"{_AT}/{disbursement.id}")

    async def _move(self, visitor: Visitor) -> HtmlPage | Redirect:
        try:
            move = self._typed(visitor, to_project=visitor.form.get("to_project", "")[:16] or "-")
            async with visitor.database.write() as connection:
                await visitor.demand(connection, move.community)
                await spending.ask(connection, move, visitor.now, self._rules)
                await _record(connection, visitor, audit_money_actions.DisbursementRequested, move)
        except SpendingRefused as refused:
            return await self._form(visitor, refused.problem)
        return Redirect(f"{_AT}/{move.id}")

    async def _cover(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Request money for a shortfall: from another project, or with a voucher from the organisation's own means."""
        source = visitor.form.get("source", "")[:16]
        try:
            voucher = None if source else _voucher_of(visitor.files.get("voucher"), visitor)
            asked = self._typed(visitor, voucher=None if voucher is None else voucher.sha256, day=_today(visitor))
            cover = replace(asked, covers=True, payee="")
            if source:
                cover = replace(cover, project=source, to_project=asked.project)
            async with visitor.database.write() as connection:
                await visitor.demand(connection, cover.community)
                if voucher is not None:
                    await vouchers.add(connection, voucher)
                await spending.ask(connection, cover, visitor.now, self._rules)
                await _record(connection, visitor, audit_money_actions.DisbursementRequested, cover)
        except SpendingRefused as refused:
            return await self._form(visitor, refused.problem)
        return Redirect(f"{_AT}/{cover.id}")

    async def _show(self, visitor: Visitor) -> HtmlPage:
        return await self._shown(visitor, None)

    async def _shown(self, visitor: Visitor, fault: SpendingProblem | None) -> HtmlPage:
        async with visitor.database.read() as connection:
            one = await self._requested(connection, visitor)
            corrections = await disbursements.corrections(connection, one.id)
            titles = await _titles(connection, (one,))
            same = await disbursements.with_voucher(connection, one) if one.voucher else ()
            fees = self._rules.fee_basis_points
            available = await spending.free_minor(connection, one.purse, visitor.now, fee_basis_points=fees)
            place = await places.get(connection, one.community)
            helped = await helps.of_disbursement(connection, one.id)
        values = {
            "cases": helped,
            "one": one,
            "place": place,
            "corrections": corrections,
            "titles": titles,
            "same": same,
            "available": available,
            "states": STATES,
            "fault": fault,
            "refused": REFUSED,
            "me": visitor.access.account,
            "left": one.amount_minor - sum(each.amount_minor for each in corrections if each.state == "approved"),
        }
        return HtmlPage("disbursement.html", values, 200 if fault is None else 422)

    async def _voucher(self, visitor: Visitor) -> FileDownload:
        async with visitor.database.read() as connection:
            one = await self._requested(connection, visitor)
            voucher = await vouchers.get(connection, one.voucher) if one.voucher else None
        if voucher is None:
            raise web.HTTPNotFound
        name = f"voucher-{voucher.sha256[:12]}.{voucher_files.ENDINGS[voucher.content_type]}"
        return FileDownload(name, voucher.content_type, voucher.content)

    async def _approve(self, visitor: Visitor) -> HtmlPage | Redirect:
        return await self._decided(visitor, approve=True)

    async def _decline(self, visitor: Visitor) -> HtmlPage | Redirect:
        return await self._decided(visitor, approve=False)

    async def _decided(self, visitor: Visitor, *, approve: bool) -> HtmlPage | Redirect:
        note, by = visitor.form.get("note", "").strip(), visitor.access.account
        try:
            async with visitor.database.write() as connection:
                one = await self._requested(connection, visitor)
                if approve:
                    await spending.approve(connection, one, by=by, note=note, now=visitor.now, rules=self._rules)
                    await help_receipts.record_help(connection, one, by, visitor.now)
                    await _record(connection, visitor, audit_money_actions.DisbursementApproved, one)
                else:
                    await spending.decline(connection, one, by=by, note=note, now=visitor.now)
                    await _record(connection, visitor, audit_money_actions.DisbursementDeclined, one)
        except SpendingRefused as refused:
            return await self._shown(visitor, refused.problem)
        return Redirect(f"{_AT}/{visitor.request.match_info['disbursement']}")

    async def _correct(self, visitor: Visitor) -> HtmlPage | Redirect:
        try:
            async with visitor.database.write() as connection:
                wrong = await self._requested(connection, visitor)
                correction = self._typed(visitor, corrects=wrong, day=_today(visitor))
                await spending.ask(connection, correction, visitor.now, self._rules)
                await _record(connection, visitor, audit_money_actions.DisbursementCorrected, correction)
        except SpendingRefused as refused:
            return await self._shown(visitor, refused.problem)
        return Redirect(f"{_AT}/{correction.id}")

    async def _requested(self, connection: Connection, visitor: Visitor) -> Disbursement:
        """Raises HTTPNotFound."""
        one = await disbursements.get(connection, visitor.request.match_info["disbursement"])
        if one is None or one.environment != self._environment:
            raise web.HTTPNotFound
        await visitor.demand(connection, one.community)
        return one

    def _typed(
        self,
        visitor: Visitor,
        *,
        voucher: str | None = None,
        to_project: str = "",
        corrects: Disbursement | None = None,
        day: date | None = None,
    ) -> Disbursement:
        """Read the form's fields. Raises SpendingRefused."""
        form = visitor.form
        community, _, project = form.get("purse", "").rpartition("/")
        if corrects is not None:
            community, project = corrects.community, corrects.project
        amount = yuan_to_fen(form.get("amount_yuan", "").strip())
        if amount is None:
            raise SpendingRefused(SpendingProblem.amount)
        return Disbursement(
            id=new_id(),
            community=community,
            environment=self._environment,
            project=project[:16],
            amount_minor=amount,
            currency="CNY",
            purpose=form.get("purpose", "").strip(),
            payee=form.get("payee", "").strip(),
            voucher=voucher,
            spent_on=day or (_today(visitor) if to_project else _day(form.get("spent_on", ""))),
            people=_people(form.get("people", "").strip()),
            to_project=to_project,
            corrects=None if corrects is None else corrects.id,
            requested_by=visitor.access.account,
            requested_at=visitor.now,
        )

    async def _purses(self, connection: Connection, visitor: Visitor) -> list[tuple[str, str, Project, PurseRow]]:
        """Return community, its name, project and purse, for every project with ledger lines."""
        found = []
        for community in await places.every(connection, visitor.tops, PlaceKind.community):
            rows = await purses.of_community(connection, community.id, self._environment)
            known = await projects.known_many(connection, [(community.id, project) for project in rows])
            name = community.names[visitor.language]
            found += [(community.id, name, project, rows[id_]) for (_, id_), project in sorted(known.items(), key=str)]
        return found


async def _titles(connection: Connection, of: tuple[Disbursement, ...]) -> dict[tuple[str, str], Project]:
    wanted = {(each.community, name) for each in of for name in (each.project, each.to_project) if name}
    return await projects.known_many(connection, wanted)


def _voucher_of(file: Upload | None, visitor: Visitor) -> Voucher:
    """Raises SpendingRefused."""
    community = visitor.form.get("purse", "").rpartition("/")[0]
    voucher = voucher_files.read_voucher(file, community, visitor.access.account, visitor.now)
    if voucher is None:
        raise SpendingRefused(SpendingProblem.voucher)
    return voucher


def _day(text: str) -> date:
    """Raises SpendingRefused. The rules of spending bound it further."""
    day = read_entered_date(text)
    if day is None:
        raise SpendingRefused(SpendingProblem.day)
    return day


def _today(visitor: Visitor) -> date:
    return visitor.now.astimezone(OFFICIAL_TIME).date()


def _people(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise SpendingRefused(SpendingProblem.people)
    return int(text)


async def _record(
    connection: Connection, visitor: Visitor, action: type[DisbursementAction], one: Disbursement
) -> None:
    done = action(one.id, one.project, one.amount_minor, one.purpose, one.payee, one.to_project, one.corrects or "")
    await visitor.record(connection, one.community, done)
