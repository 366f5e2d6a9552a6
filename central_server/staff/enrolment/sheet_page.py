"""Show an acceptance sheet of a gateway, compare it with a print, and make its PDF."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from aiohttp import web
from markupsafe import Markup

from central_server.enrolment.acceptance_drift import find_drift
from central_server.intake.sheets import find_signed
from central_server.staff.enrolment.gateway_page import requested_gateway
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Visitor
from central_server.store.enrolment import acceptance_sheets, gateway_reports, gateways
from central_server.store.enrolment.acceptance_sheets import StoredSheet
from central_server.store.enrolment.gateways import Gateway
from kiosk_ui.paper.acceptance_paper import sheet_pdf
from kiosk_ui.paper.acceptance_picture import draw_zones
from kiosk_ui.paper.acceptance_wording import word_sheet
from kiosk_ui.paper.typesetting import FONTS, TypesettingUnavailable, require_typesetting
from sync_contract.acceptance_sheet import AcceptanceSheet, digest_of, read_sheet, sheet_path

_ONE = "/staff/gateways/{gateway:[0-9a-f]{16}}/sheets/{sheet:[0-9a-f]{32}}"
_MAX_DIGEST = 64


class SheetPage:
    """`url` returns this server's public address, for the code on the PDF."""

    def __init__(self, frame: PageFrame, url: Callable[[], str], fonts: Path = FONTS) -> None:
        self._frame = frame
        self._url = url
        self._fonts = fonts

    def routes(self) -> list[web.RouteDef]:
        return [self._frame.page(_ONE, self._show), self._frame.page(f"{_ONE}.pdf", self._print)]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        printed = visitor.request.query.get("print", "")[:_MAX_DIGEST].lower()
        async with visitor.database.read() as connection:
            gateway = await requested_gateway(connection, visitor)
            stored = await self._requested(visitor, gateway)
            signed_by = find_signed(stored.signed(), await gateways.keys(connection, gateway.id))
            newest = await acceptance_sheets.newest(connection, gateway.id)
            drift = find_drift(newest, await gateway_reports.get(connection, gateway.id))
        digest = digest_of(stored.signed())
        return HtmlPage(
            "acceptance.html",
            {
                "gateway": gateway,
                "stored": stored,
                "words": word_sheet(_content(stored), digest),
                "zones": Markup(draw_zones(_content(stored))),  # noqa: S704  # its texts are escaped
                "genuine": signed_by is not None,
                "print": "" if not printed else "same" if printed == digest else "other",
                "is_newest": newest is not None and newest.sheet == stored.sheet,
                "drift": drift,
                "pdf": self._fonts_work(),
            },
        )

    async def _print(self, visitor: Visitor) -> FileDownload:
        async with visitor.database.read() as connection:
            gateway = await requested_gateway(connection, visitor)
            stored = await self._requested(visitor, gateway)
        if not self._fonts_work():
            raise web.HTTPNotFound
        digest = digest_of(stored.signed())
        address = self._url().rstrip("/") + sheet_path(gateway.id, stored.sheet, digest)
        pdf = await asyncio.to_thread(sheet_pdf, _content(stored), digest, address)
        return FileDownload(f"acceptance-{gateway.id}-{stored.sheet[-8:]}.pdf", "application/pdf", pdf)

    async def _requested(self, visitor: Visitor, gateway: Gateway) -> StoredSheet:
        """Raises HTTPNotFound."""
        async with visitor.database.read() as connection:
            stored = await acceptance_sheets.get(connection, gateway.id, visitor.request.match_info["sheet"])
        if stored is None:
            raise web.HTTPNotFound
        return stored

    def _fonts_work(self) -> bool:
        try:
            require_typesetting(self._fonts)
        except TypesettingUnavailable:
            return False
        return True


def _content(stored: StoredSheet) -> AcceptanceSheet:
    return read_sheet(stored.signed())
