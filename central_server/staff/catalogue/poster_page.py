"""Serve the poster of a beacon: options and PDF."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from central_server.accounts.access import Right
from central_server.catalogue.contact_lookup import ContactLookup
from central_server.catalogue.poster_content import PosterContent, load_poster_content
from central_server.staff.catalogue.beacon_page import find_beacon
from central_server.staff.catalogue.poster_options import LANGUAGES, PHONE, PosterOptions
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Visitor
from central_server.store.catalogue.beacons import StoredBeacon
from kiosk_ui.paper.beacon_address import AddressRefused, poster_address
from kiosk_ui.paper.poster import Paper, poster_pdf
from kiosk_ui.paper.typesetting import FONTS, TypesettingUnavailable, require_typesetting
from sync_contract.catalogue import BeaconKind
from sync_contract.strict_model import Environment

_AT = "/staff/beacons/{beacon:[0-9a-f]{32}}"


class PosterPage:
    """`url`: returns the server's address for phones. `fonts`: the folder of the fonts."""

    def __init__(
        self,
        frame: PageFrame,
        environment: Environment,
        url: Callable[[], str],
        contacts: ContactLookup,
        fonts: Path = FONTS,
    ) -> None:
        self._frame = frame
        self._environment = environment
        self._url = url
        self._contacts = contacts
        self._fonts = fonts

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page(f"{_AT}/poster", self._choose, Right.see),
            self._frame.page(f"{_AT}/poster.pdf", self._print, Right.see),
        ]

    async def _choose(self, visitor: Visitor) -> HtmlPage:
        options = PosterOptions.read(visitor.request.query)
        beacon, content = await self._load(visitor, options)
        if "phone" not in visitor.request.query:  # offer the published number
            async with visitor.database.read() as connection:
                options = replace(options, phone=(await self._contacts.at(connection, content.place)).phone)
        return self._shown(beacon, content, options, self._trouble(beacon))

    async def _print(self, visitor: Visitor) -> HtmlPage | FileDownload:
        options = PosterOptions.read(visitor.request.query)
        beacon, content = await self._load(visitor, options)
        facts = content.facts(beacon, self._environment, self._url(), options.phone)
        trouble = self._trouble(beacon)
        if facts is None or trouble:
            return self._shown(beacon, content, options, trouble, 422)
        pdf = await asyncio.to_thread(poster_pdf, facts, options.paper, options.languages)
        id_ = beacon.beacon
        name = f"{options.paper}-{id_.major}-{id_.minor}-{facts.project.id}.pdf"
        return FileDownload(name, "application/pdf", pdf)

    async def _load(self, visitor: Visitor, options: PosterOptions) -> tuple[StoredBeacon, PosterContent]:
        """Raises HTTPNotFound, also for a person's tag."""
        async with visitor.database.read() as connection:
            beacon = await find_beacon(connection, visitor)
            if beacon.kind is not BeaconKind.place:
                raise web.HTTPNotFound
            return beacon, await load_poster_content(
                connection, beacon, options.project, visitor.now, self._environment
            )

    def _trouble(self, beacon: StoredBeacon) -> str:
        """Return why nothing can be printed: `address`, the Debian package that is missing, or an empty text."""
        try:
            poster_address(self._url(), beacon.beacon, self._environment)
            require_typesetting(self._fonts)
        except AddressRefused:
            return "address"
        except TypesettingUnavailable as unavailable:
            return unavailable.package
        return ""

    def _shown(
        self, beacon: StoredBeacon, content: PosterContent, options: PosterOptions, trouble: str, status: int = 200
    ) -> HtmlPage:
        values = {
            "beacon": beacon,
            "content": content,
            "options": options,
            "papers": tuple(Paper),
            "languages": LANGUAGES,
            "phone_pattern": PHONE.pattern,
            "trouble": trouble,
            "url": self._url(),
        }
        return HtmlPage("poster.html", values, status)
