"""What was given and what became of it: for programs as signed heads and proofs, for people as pages."""

import re
from asyncio import get_running_loop
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from aiohttp import web

from central_server.ledger.publication import Publisher
from central_server.public.phone_pages.board_page import Board
from central_server.public.phone_pages.page_responder import HERE, Answer
from central_server.store.catalogue import projects
from central_server.store.engine.database import Database
from central_server.store.ledger import ledger_heads, ledger_lines
from daemonkit.web import identify_client, problem
from daemonkit.web.rate_limit import Buckets
from kiosk_ui.board_views import ProofPage, SlipPage, SlipStatus
from sync_contract.ledger_heads import Head, Proof
from sync_contract.money import Money
from sync_contract.strict_model import Environment

_PLACE = "{place:[^/]{1,64}}"
_OPENING = "{secret:[0-9A-Fa-f]{32}}"
_SLIP = re.compile(r"[0-9A-HJKMNP-TV-Z]{8}")
_TYPED = str.maketrans("OIL", "011", " -–—")
_RATE, _BURST = 1 / 6, 10
"""Typed numbers, from one address: 40 bits are not found by trying, but nobody needs more."""


class TransparencyPages:
    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        board: Board,
        environment: Environment,
        answer: Answer,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._board = board
        self._environment = environment
        self._answer = answer
        self._clock = clock
        self._typed = Buckets(_RATE, _BURST)

    def routes(self) -> list[web.RouteDef]:
        """`/V/` too: a QR codes capitals in fewer modules."""
        return [
            web.get(f"/api/v1/transparency/{_PLACE}/{{project:[a-z0-9-]{{1,16}}}}", self._chain),
            web.get(f"/api/v1/proofs/{_OPENING}", self._proof),
            web.get("/board", self._boards),
            web.get(f"/board/{_PLACE}", self._boards),
            *(web.get(f"/{door}", self._slip) for door in ("v", "V")),
            *(web.get(f"/{door}/{_OPENING}", self._opened) for door in ("v", "V")),
        ]

    async def _chain(self, request: web.Request) -> web.Response:
        after = request.query.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) < 10):
            return problem(400, "Bad Request", "after: expected a step")
        place, project = request.match_info["place"], request.match_info["project"]
        chain = await self._publisher.chain(place, project, int(after))
        if chain is None:
            return problem(404, "Not Found", "nothing is published of it")
        seen = f"{chain.heads[-1].digest if chain.heads else ''}-{sum(len(head.cosignatures) for head in chain.heads)}"
        answer = web.json_response(text=chain.model_dump_json())
        answer.etag = f"{after}-{seen}"
        answer.headers["Cache-Control"] = "no-cache"
        if any(tag.value in (f"{after}-{seen}", "*") for tag in request.if_none_match or ()):
            fresh = web.Response(status=304)
            fresh.etag = answer.etag
            return fresh
        return answer

    async def _proof(self, request: web.Request) -> web.Response:
        found = await self._publisher.prove(request.match_info["secret"].lower())
        if isinstance(found, Proof):
            return web.json_response(text=found.model_dump_json())
        if found is None:
            return problem(404, "Not Found", "no line opens with this secret", code="unknown")
        return problem(404, "Not Found", "the line is kept; no head tells of it yet", code="not_yet")

    async def _boards(self, request: web.Request) -> web.Response:
        shown = await self._board.show(request.match_info.get("place"), self._clock())
        if shown is None:
            raise web.HTTPNotFound
        request[HERE] = request.match_info.get("place", "")
        return await self._answer.page(request, shown)

    async def _slip(self, request: web.Request) -> web.Response:
        """A typed number: it tells whether its gift is published, and nothing else."""
        typed = request.query.get("slip", "")[:40]
        if not typed:
            return await self._answer.page(request, SlipPage())
        if self._typed.take(identify_client(request), get_running_loop().time()):
            return await self._answer.page(request, SlipPage(typed, too_many=True), 429)
        digits = typed.upper().translate(_TYPED)
        told = SlipStatus.unknown
        if _SLIP.fullmatch(digits):
            async with self._database.read() as connection:
                line = await ledger_lines.by_slip(connection, f"{digits[:4]}-{digits[4:]}")
                if line is not None and line.environment == self._environment.value:
                    head = await ledger_heads.publishing(connection, line.identity)
                    told = SlipStatus.not_yet if head is None else SlipStatus.included
        return await self._answer.page(request, SlipPage(typed, told))

    async def _opened(self, request: web.Request) -> web.Response:
        secret = request.match_info["secret"].lower()
        found = await self._publisher.prove(secret)
        if found is None:
            return await self._answer.page(request, SlipPage("", SlipStatus.unknown), 404)
        async with self._database.read() as connection:
            line = await ledger_lines.by_secret(connection, secret)
            assert line is not None  # it was found, and lines stay
            project = await projects.known(connection, line.community, line.project)
            request[HERE] = line.community
            refunded = await ledger_lines.given_back(connection, line.attempt or "")
        proof = found if isinstance(found, Proof) else None
        head = None if proof is None else Head.model_validate_json(proof.head.head.payload)
        return await self._answer.page(
            request,
            ProofPage(
                title=None if project is None else project.title,
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
            ),
        )
