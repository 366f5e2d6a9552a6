"""The acceptance sheet: `/api/v1/acceptance-sheet` stores it for the command, `/site/sheet` shows it for print."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler
from markupsafe import Markup

from beacon_gateway.donations.ports import StoreUnavailable
from daemonkit.web import problem, read_json
from kiosk_ui.paper.acceptance_picture import draw_zones
from kiosk_ui.paper.acceptance_wording import word_sheet
from kiosk_ui.qr import paper_code_svg
from kiosk_ui.site_views import SiteSheetPage
from sync_contract.acceptance_sheet import SheetRefused, digest_of, read_sheet, sheet_path
from sync_contract.records import MAX_SHEET_CHARACTERS, SignedAcceptanceSheet
from sync_contract.strict_model import Record

AcceptSheet = Callable[[SignedAcceptanceSheet], Awaitable[None]]
_MAX_BYTES = 4 * MAX_SHEET_CHARACTERS


class SheetDelivery(Record):
    """The body of POST /api/v1/acceptance-sheet."""

    sheet: SignedAcceptanceSheet


def put_sheet(accept: AcceptSheet) -> Handler:
    """POST `/api/v1/acceptance-sheet`: 201; 422 unless this device's key signed it."""

    async def post(request: web.Request) -> web.StreamResponse:
        body = await read_json(request, SheetDelivery, limit=_MAX_BYTES)
        try:
            await accept(body.sheet)
        except SheetRefused as error:
            return problem(422, "Unprocessable Content", f"the sheet is refused: {error}")
        except StoreUnavailable:
            return problem(503, "Service Unavailable", "the sheet could not be stored")
        return web.json_response({"sheet": body.sheet.sheet}, status=201)

    return post


def build_sheet_page(signed: SignedAcceptanceSheet | None, central: str) -> SiteSheetPage:
    """Return the page; `central`: the server's address, empty for none. A sheet that cannot be read counts as none."""
    try:
        sheet = read_sheet(signed) if signed else None
    except SheetRefused:
        sheet = None
    if signed is None or sheet is None:
        return SiteSheetPage()
    digest = digest_of(signed)
    address = central.rstrip("/") + sheet_path(sheet.gateway, sheet.id, digest) if central else ""
    code, zones = paper_code_svg(address) if address else None, Markup(draw_zones(sheet))  # noqa: S704  # escaped there
    return SiteSheetPage(word_sheet(sheet, digest), code, address, zones)
