"""List due and issued receipts, export donors' data for issuing them, and record issued numbers."""

from collections.abc import Sequence

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.receipts.receipt_requests import ReceiptRefused, Receipts
from central_server.receipts.sealed_data import Donor, SealBroken
from central_server.sheets.sheet_writer import Cell, yuan
from central_server.staff.frame.list_paging import format_position, parse_position
from central_server.staff.frame.msgid import _
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor, sheet
from central_server.store.accounts import audit_money_actions
from central_server.store.donations import receipts
from central_server.store.donations.receipts import ReceiptState, RequestedReceipt
from central_server.store.engine.connection import Connection
from central_server.store.ledger import project_terms
from central_server.store.ledger.project_terms import ProjectTerms
from central_server.store.places import places
from central_server.store.places.places import TOP
from kiosk_ui.number_format import capitals
from sync_contract.strict_model import Environment

_log = structlog.get_logger()
_AT = "/staff/receipts"
_MAX_ISSUED = 100

REFUSED = {
    "issued": _("It was issued before."),
    "not_due": _("This receipt is no longer requested."),
    "number": _("Write the number of the receipt: 1 to 64 characters."),
    "taken": _("Another receipt has this number."),
    "key": _("The key that decrypts the donors' data is not the right one. Tell the installer: receipts.key."),
}
COLUMNS = (
    _("Slip number"),
    _("Paid at"),
    _("Amount (yuan)"),
    _("Amount in words"),
    _("Refunded before (yuan)"),
    _("Project"),
    _("Payee"),
    _("Organisation"),
    _("Name"),
    _("Identity or tax number"),
    _("E-mail"),
    _("Telephone"),
    _("Postal address"),
)
"""Of the only file with donors' data."""


class ReceiptsPage:
    def __init__(self, frame: PageFrame, wanted: Receipts, environment: Environment) -> None:
        self._frame = frame
        self._wanted = wanted
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._list, Right.money),
            frame.form(f"{_AT}/data", self._data, Right.money),
            frame.form(f"{_AT}/{{attempt:[0-9a-f]{{32}}}}", self._issue, Right.money),
        ]

    async def _list(self, visitor: Visitor, refused: str = "", at: str = "", status: int = 200) -> HtmlPage:
        after = parse_position(visitor.request.query.get("after", ""))
        async with visitor.database.read() as connection:
            due = await receipts.page(connection, visitor.tops, self._environment, ReceiptState.due)
            issued = await receipts.page(
                connection, visitor.tops, self._environment, ReceiptState.issued, _MAX_ISSUED + 1, after=after
            )
            issued, more = issued[:_MAX_ISSUED], len(issued) > _MAX_ISSUED
            counts = await receipts.counts(connection, visitor.tops, self._environment)
            terms = await project_terms.many(connection, {each.terms or "" for each in (*due, *issued)})
            names = {place.id: place.names for place in await places.every(connection, [TOP])}
        values = {
            "due": due,
            "issued": issued,
            "first": _AT if after else "",
            "more": f"{_AT}?after={format_position(issued[-1].changed_at, issued[-1].attempt)}#issued" if more else "",
            "counts": {state: counts.get(state, 0) for state in ReceiptState},
            "terms": terms,
            "names": names,
            "refused": refused,
            "refused_words": REFUSED,
            "at": at,
            "done": visitor.request.query.get("done", "")[:8],
        }
        return HtmlPage("receipts.html", values, status)

    async def _data(self, visitor: Visitor) -> HtmlPage | FileDownload:
        """Record the download in the audit trail, then return donors' data as a file."""
        try:
            async with visitor.database.write() as connection:
                due = await receipts.page(connection, visitor.tops, self._environment, ReceiptState.due)
                opened = await self._opened(connection, due)
                terms = await project_terms.many(connection, {each.terms or "" for each in due})
                for community in sorted({each.community for each in due if each.attempt in opened}):
                    count = sum(each.community == community and each.attempt in opened for each in due)
                    await visitor.record(connection, community, audit_money_actions.ReceiptsDownloaded("", count))
                if not opened:
                    await visitor.record(connection, min(visitor.tops), audit_money_actions.ReceiptsDownloaded("", 0))
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return await self._list(visitor, "key", status=503)
        translate = self._frame.words(visitor.language)
        rows = [
            _cells(each, opened[each.attempt], terms.get(each.terms or "")) for each in due if each.attempt in opened
        ]
        return sheet("receipts", "xlsx", [[translate(name) for name in COLUMNS], *rows])

    async def _opened(self, connection: Connection, due: Sequence[RequestedReceipt]) -> dict[str, Donor]:
        sealed = await receipts.donors(connection, [each.attempt for each in due])
        seal = self._wanted.seal
        return {attempt: seal.open(attempt, each.sealed, Donor) for attempt, each in sealed.items()}

    async def _issue(self, visitor: Visitor) -> HtmlPage | Redirect:
        attempt = visitor.request.match_info["attempt"]
        try:
            async with visitor.database.write() as connection:
                stored = await receipts.get(connection, attempt)
                if stored is None:
                    raise web.HTTPNotFound
                await visitor.demand(connection, stored.community)
                account = visitor.access.account
                made = await self._wanted.issue(
                    connection, attempt, visitor.form.get("number", ""), account, visitor.now
                )
                await visitor.record(
                    connection, made.community, audit_money_actions.ReceiptIssued(attempt, made.number)
                )
        except ReceiptRefused as error:
            return await self._list(visitor, error.problem, attempt, 422)
        return Redirect(f"{_AT}?done=issued")


def _cells(each: RequestedReceipt, donor: Donor, terms: ProjectTerms | None) -> list[Cell]:
    return [
        each.slip,
        each.paid_at,
        yuan(each.due_minor),
        capitals(each.due_minor),
        yuan(each.refunded_minor) if each.refunded_minor else None,
        each.project if terms is None else terms.title.zh_hans,
        None if terms is None else terms.payee.zh_hans,
        None if terms is None or terms.permit is None else terms.permit.organisation,
        donor.name,
        donor.tax_id or None,
        donor.email or None,
        donor.phone or None,
        donor.address or None,
    ]
