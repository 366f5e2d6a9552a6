"""A beacon on paper: choose what is printed, and fetch it as PDF."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from aiohttp import web

from central_server.accounts.access import Right
from central_server.catalogue.contact_lookup import WhomToCall
from central_server.catalogue.poster_content import OnPaper, on_paper
from central_server.staff.catalogue.beacon_page import found
from central_server.staff.catalogue.poster_options import LANGUAGES, PHONE, Choice
from central_server.staff.frame.page_frame import Desk, Sent, Shown, Visitor
from central_server.store.catalogue.beacons import StoredBeacon
from kiosk_ui.paper.beacon_address import AddressRefused, poster_address
from kiosk_ui.paper.poster import Paper, poster_pdf
from kiosk_ui.paper.typesetting import PACKAGE, FontsMissing, require_fonts
from sync_contract.catalogue import BeaconKind
from sync_contract.strict_model import Environment

_AT = "/staff/beacons/{beacon:[0-9a-f]{32}}"


class PosterPage:
    """`url`: where phones reach this server, asked for when it is needed."""

    def __init__(self, desk: Desk, environment: Environment, url: Callable[[], str], call: WhomToCall) -> None:
        self._desk = desk
        self._environment = environment
        self._url = url
        self._call = call

    def routes(self) -> list[web.RouteDef]:
        return [
            self._desk.page(f"{_AT}/poster", self._choose, Right.see),
            self._desk.page(f"{_AT}/poster.pdf", self._print, Right.see),
        ]

    async def _choose(self, visitor: Visitor) -> Shown:
        choice = Choice.read(visitor.request.query)
        kept, told = await self._told(visitor, choice)
        if "phone" not in visitor.request.query:  # the published one is offered; whoever prints may take it away
            async with visitor.database.read() as connection:
                choice = replace(choice, phone=(await self._call.at(connection, told.place)).phone)
        return self._shown(kept, told, choice, self._trouble(kept))

    async def _print(self, visitor: Visitor) -> Shown | Sent:
        choice = Choice.read(visitor.request.query)
        kept, told = await self._told(visitor, choice)
        facts = told.facts(kept, self._environment, self._url(), choice.phone)
        trouble = self._trouble(kept)
        if facts is None or trouble:
            return self._shown(kept, told, choice, trouble, 422)
        content = await asyncio.to_thread(poster_pdf, facts, choice.paper, choice.languages)
        beacon = kept.beacon
        name = f"{choice.paper}-{beacon.major}-{beacon.minor}-{facts.project.id}.pdf"
        return Sent(name, "application/pdf", content)

    async def _told(self, visitor: Visitor, choice: Choice) -> tuple[StoredBeacon, OnPaper]:
        """Raises HTTPNotFound, also for a person's tag: no poster leads to a person."""
        async with visitor.database.read() as connection:
            kept = await found(connection, visitor)
            if kept.kind is not BeaconKind.place:
                raise web.HTTPNotFound
            return kept, await on_paper(connection, kept, choice.project, visitor.now, self._environment)

    def _trouble(self, kept: StoredBeacon) -> str:
        """Why nothing can be printed, whatever is chosen: a word of the template; empty when something can."""
        try:
            poster_address(self._url(), kept.beacon, self._environment)
            require_fonts()
        except AddressRefused:
            return "address"
        except FontsMissing:
            return "fonts"
        return ""

    def _shown(self, kept: StoredBeacon, told: OnPaper, choice: Choice, trouble: str, status: int = 200) -> Shown:
        values = {
            "kept": kept,
            "told": told,
            "choice": choice,
            "papers": tuple(Paper),
            "languages": LANGUAGES,
            "phone_pattern": PHONE.pattern,
            "trouble": trouble,
            "package": PACKAGE,
            "url": self._url(),
        }
        return Shown("poster.html", values, status)
