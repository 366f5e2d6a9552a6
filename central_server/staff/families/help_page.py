"""Show which households confirmed their help, and record confirmations by a signed sheet or by a one-time code."""

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.families import help_receipts
from central_server.families.help_receipts import ConfirmationProblem, ConfirmationRefused, Photograph
from central_server.ledger import voucher_files
from central_server.receipts.sealed_data import Seal, SealBroken
from central_server.staff.families.families_page import BROKEN
from central_server.staff.families.family_wording import UNCONFIRMED, WAYS
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts import audit_actions
from central_server.store.engine.connection import Connection
from central_server.store.families import helps
from central_server.store.families.helps import CaseHelp
from central_server.store.ledger import disbursements
from central_server.store.ledger.disbursements import Disbursement, DisbursementState
from central_server.store.places import places
from daemonkit.web import Upload
from sync_contract.strict_model import Environment

_log = structlog.get_logger()
_AT = "/staff/help"
_ONE = _AT + "/{disbursement:[0-9a-f]{32}}"
_FORM_BYTES = 64 * 1024


class HelpPage:
    def __init__(self, frame: PageFrame, seal: Seal, environment: Environment) -> None:
        self._frame = frame
        self._seal = seal
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame, limit = self._frame, voucher_files.MAX_BYTES + _FORM_BYTES
        return [
            frame.page(_AT, self._list, Right.families),
            frame.page(_ONE, self._show, Right.families),
            frame.page(f"{_ONE}/sheet", self._sheet, Right.families),
            frame.upload(f"{_ONE}/sheet", self._confirm_by_sheet, Right.families, limit=limit),
            frame.form(f"{_ONE}/photo", self._photo, Right.families),
            frame.form(f"{_ONE}/code", self._make_code, Right.families),
            frame.form(f"{_ONE}/confirm", self._confirm_by_code, Right.families),
        ]

    async def _list(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            found = await helps.rounds(connection, visitor.tops, self._environment)
            around = await places.every(connection, visitor.tops)
        return HtmlPage("helps.html", {"rounds": found, "community_of": community_names(around)})

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            return await self._page(connection, visitor, await self._requested(connection, visitor))

    async def _page(
        self,
        connection: Connection,
        visitor: Visitor,
        one: Disbursement,
        *,
        fault: str = "",
        code: tuple[str, ...] = (),
    ) -> HtmlPage:
        """`code`: a case and its new code, shown once."""
        values = {
            "one": one,
            "helps": await helps.of_disbursement(connection, one.id),
            "photographed": await helps.sheet(connection, one.id) is not None,
            "ways": WAYS,
            "fault": fault,
            "code": code,
            "number": sheet_number(one.id),
        }
        return HtmlPage("help.html", values, 422 if fault else 200)

    async def _sheet(self, visitor: Visitor) -> HtmlPage:
        """Show the sheet for printing."""
        async with visitor.database.read() as connection:
            one = await self._requested(connection, visitor)
            found = await helps.of_disbursement(connection, one.id)
            place = await places.get(connection, one.community)
        values = {"one": one, "helps": found, "place": place, "number": sheet_number(one.id)}
        return HtmlPage("help_sheet.html", values)

    async def _confirm_by_sheet(self, visitor: Visitor) -> HtmlPage | Redirect:
        signed = {name.removeprefix("case-") for name in visitor.form if name.startswith("case-")}
        fault = BROKEN
        try:
            photograph = _photograph(visitor.files.get("photo"))
            async with visitor.database.write() as connection:
                one = await self._requested(connection, visitor)
                by, now = visitor.access.account, visitor.now
                done = await help_receipts.confirm_by_sheet(connection, self._seal, one, signed, photograph, by, now)
                for case in done:
                    await visitor.record(connection, one.community, audit_actions.HelpConfirmed(case, one.id, "paper"))
            return Redirect(f"{_AT}/{one.id}")
        except ConfirmationRefused as refused:
            fault = UNCONFIRMED[refused.problem]
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
        return await self._faulty(visitor, fault)

    async def _photo(self, visitor: Visitor) -> FileDownload | HtmlPage:
        """Record the look-up, then return the photograph."""
        async with visitor.database.write() as connection:
            one = await self._requested(connection, visitor)
            await visitor.record(connection, one.community, audit_actions.SheetLookedUp(one.id))
            try:
                found = await help_receipts.open_sheet(connection, self._seal, one.id)
            except SealBroken as error:
                _log.error("receipts.key", reason=str(error))
                return await self._page(connection, visitor, one, fault=BROKEN)
            if found is None:
                raise web.HTTPNotFound
        name = f"sheet-{sheet_number(one.id)}.{voucher_files.ENDINGS[found.content_type]}"
        return FileDownload(name, found.content_type, found.content)

    async def _make_code(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.write() as connection:
            one = await self._requested(connection, visitor)
            help_ = await _chosen(connection, visitor, one)
            code = await help_receipts.make_code(connection, self._seal, help_)
            await visitor.record(connection, one.community, audit_actions.HelpCodeMade(help_.case))
            return await self._page(connection, visitor, one, code=(help_.case, code))

    async def _confirm_by_code(self, visitor: Visitor) -> HtmlPage | Redirect:
        typed, by, now = visitor.form.get("code", ""), visitor.access.account, visitor.now
        problem = ConfirmationProblem.code
        try:
            async with visitor.database.write() as connection:
                one = await self._requested(connection, visitor)
                help_ = await _chosen(connection, visitor, one)
                if await help_receipts.confirm_by_code(connection, self._seal, help_, typed, one, by, now):
                    done = audit_actions.HelpConfirmed(help_.case, one.id, "phone")
                    await visitor.record(connection, one.community, done)
                    return Redirect(f"{_AT}/{one.id}")
        except ConfirmationRefused as refused:
            problem = refused.problem
        return await self._faulty(visitor, UNCONFIRMED[problem])

    async def _faulty(self, visitor: Visitor, fault: str) -> HtmlPage:
        async with visitor.database.read() as connection:
            return await self._page(connection, visitor, await self._requested(connection, visitor), fault=fault)

    async def _requested(self, connection: Connection, visitor: Visitor) -> Disbursement:
        """Return an approved disbursement that names cases. Raises HTTPNotFound."""
        one = await disbursements.get(connection, visitor.request.match_info["disbursement"])
        if one is None or one.environment != self._environment or one.state != DisbursementState.approved:
            raise web.HTTPNotFound
        await visitor.demand(connection, one.community)
        if not await helps.of_disbursement(connection, one.id):
            raise web.HTTPNotFound
        return one


async def _chosen(connection: Connection, visitor: Visitor, one: Disbursement) -> CaseHelp:
    """Return the unconfirmed help that the form names. Raises HTTPNotFound."""
    for each in await helps.of_disbursement(connection, one.id):
        if each.case == visitor.form.get("case") and each.confirmed_at is None:
            return each
    raise web.HTTPNotFound


def _photograph(file: Upload | None) -> Photograph:
    """Raises ConfirmationRefused."""
    if file is None or not 0 < len(file.content) <= voucher_files.MAX_BYTES:
        raise ConfirmationRefused(ConfirmationProblem.photo)
    kind = voucher_files.detect_content_type(file.content)
    if kind not in ("image/png", "image/jpeg") or not voucher_files.matches_name(file.ending, kind):
        raise ConfirmationRefused(ConfirmationProblem.photo)
    return Photograph(kind, file.content)


def sheet_number(disbursement: str) -> str:
    """Return the number on the paper: the random end of the disbursement's id."""
    return disbursement[-8:].upper()
