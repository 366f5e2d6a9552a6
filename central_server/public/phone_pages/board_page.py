"""Serve the boards of communities, and the pages that check a slip."""

import re
from asyncio import get_running_loop
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from aiohttp import web

from central_server.ledger.help_figures import help_by_project
from central_server.ledger.publication import Publisher
from central_server.ledger.remitted_figures import load_remitted
from central_server.public.phone_pages.gift_path import load_path
from central_server.public.phone_pages.page_responder import PLACE, PageResponder
from central_server.reconciliation.compared_days import load_compared
from central_server.store.catalogue import projects
from central_server.store.engine.database import Database
from central_server.store.ledger import cosignatures, ledger_heads, ledger_lines, project_terms
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.web import identify_client
from daemonkit.web.rate_limit import Buckets
from kiosk_ui.board_views import (
    BoardPage,
    BoardProject,
    ProofPage,
    SlipPage,
    SlipStatus,
    first_month,
    months,
    unpublished,
)
from sync_contract.ledger_heads import Head, Proof
from sync_contract.money import Money
from sync_contract.strict_model import Environment

_OPENING = "{secret:[0-9A-Fa-f]{32}}"
_SLIP = re.compile(r"[0-9A-HJKMNP-TV-Z]{8}")
_TYPED = str.maketrans("OIL", "011", " -–—")
_RATE, _BURST = 1 / 6, 10
"""Typed slip numbers of one address; 40 random bits cannot be guessed at this rate."""


@dataclass(frozen=True, slots=True)
class Board:
    database: Database
    environment: Environment

    async def load(self, place: str | None, now: datetime) -> BoardPage | None:
        """`place` None: of the only community. Return None if there is no such community."""
        environment = self.environment.value
        async with self.database.read() as connection:
            if place is None:
                place = await places.only_community(connection) or ""
            found = await places.get(connection, place)
            if found is None or found.kind is not PlaceKind.community:
                return None
            newest = await ledger_heads.of_community(connection, place, environment)
            known = await projects.known_many(connection, [(place, head.project) for head in newest])
            witnesses = await cosignatures.of_heads(connection, [head.seq for head in newest])
            helped = await help_by_project(connection, environment, place, now)
            remitted = await load_remitted(connection, newest)
            shown = []
            for head in newest:
                last = Head.model_validate_json(head.content)
                published = await ledger_heads.since(connection, head.purse, first_month(now))
                project = known.get((place, head.project))
                shown.append(
                    BoardProject(
                        id=head.project,
                        title=None if project is None else project.title,
                        sums=last.total,
                        months=months([Head.model_validate_json(each.content) for each in published], now),
                        at=last.at,
                        step=head.step,
                        cosigned=len(witnesses.get(head.seq, [])),
                        digest=head.digest,
                        help=helped.get(head.project, ()),
                        remitted=remitted.get(head.project),
                    )
                )
            listed = {each.id for each in shown}
            offered = await projects.all_offered(connection, place)
            shown += [unpublished(project, now) for project in offered if project.id not in listed]
            compared = await load_compared(connection, place, environment, now)
        data = f"/api/v1/transparency/{quote(place, safe='')}"
        return BoardPage(tuple(shown), compared.until, compared.open_differences, verify="/v", data=data)


class BoardPages:
    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        environment: Environment,
        responder: PageResponder,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._board = Board(database, environment)
        self._environment = environment
        self._responder = responder
        self._clock = clock
        self._typed = Buckets(_RATE, _BURST)

    def routes(self) -> list[web.RouteDef]:
        """`/V/` too: a QR code needs fewer modules for capitals."""
        return [
            web.get("/board", self._boards),
            web.get("/board/{place:[^/]{1,64}}", self._boards),
            *(web.get(f"/{door}", self._slip) for door in ("v", "V")),
            *(web.get(f"/{door}/{_OPENING}", self._opened) for door in ("v", "V")),
        ]

    async def _boards(self, request: web.Request) -> web.Response:
        shown = await self._board.load(request.match_info.get("place"), self._clock())
        if shown is None:
            raise web.HTTPNotFound
        request[PLACE] = request.match_info.get("place", "")
        return await self._responder.page(request, shown)

    async def _slip(self, request: web.Request) -> web.Response:
        """Show whether the gift of a typed slip number is published, and nothing else."""
        typed = request.query.get("slip", "")[:40]
        if not typed:
            return await self._responder.page(request, SlipPage())
        if self._typed.take(identify_client(request), get_running_loop().time()):
            return await self._responder.page(request, SlipPage(typed, too_many=True), 429)
        digits = typed.upper().translate(_TYPED)
        found = SlipStatus.unknown
        if _SLIP.fullmatch(digits):
            async with self._database.read() as connection:
                line = await ledger_lines.by_slip(connection, f"{digits[:4]}-{digits[4:]}")
                if line is not None and line.environment == self._environment.value:
                    head = await ledger_heads.publishing(connection, line.identity)
                    found = SlipStatus.not_yet if head is None else SlipStatus.included
        return await self._responder.page(request, SlipPage(typed, found))

    async def _opened(self, request: web.Request) -> web.Response:
        secret = request.match_info["secret"].lower()
        found = await self._publisher.prove(secret)
        if found is None:
            return await self._responder.page(request, SlipPage("", SlipStatus.unknown), 404)
        async with self._database.read() as connection:
            line = await ledger_lines.by_secret(connection, secret)
            assert line is not None  # it was found, and lines are never deleted
            terms = await project_terms.get(connection, line.terms)
            request[PLACE] = line.community
            refunded = await ledger_lines.refunded_minor(connection, line.attempt or "")
            path = await load_path(connection, line, refunded, self._clock())
        proof = found if isinstance(found, Proof) else None
        head = None if proof is None else Head.model_validate_json(proof.head.head.payload)
        return await self._responder.page(
            request,
            ProofPage(
                title=None if terms is None else terms.title,
                amount=Money(abs(line.amount_minor), line.currency),
                slip=line.slip or "",
                received_at=line.at,
                refunded=refunded,
                head=head,
                gifts=0 if head is None else head.sums.gifts,
                digest="" if proof is None else proof.head.digest,
                cosigned=0 if proof is None else len(proof.head.cosignatures),
                data=f"/api/v1/proofs/{secret}",
                board=f"/board/{quote(line.community, safe='')}",
                path=path,
            ),
        )
