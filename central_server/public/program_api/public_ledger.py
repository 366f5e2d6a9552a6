"""Serve the signed heads of ledgers, and the proofs of single lines, to everybody."""

from aiohttp import web

from central_server.api.json_response import build_tagged_response
from central_server.ledger.publication import Publisher
from daemonkit.web import problem
from sync_contract.ledger_heads import Proof


class PublicLedgerApi:
    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/transparency/{place:[^/]{1,64}}/{project:[a-z0-9-]{1,16}}", self._chain),
            web.get("/api/v1/proofs/{secret:[0-9A-Fa-f]{32}}", self._proof),
        ]

    async def _chain(self, request: web.Request) -> web.Response:
        after = request.query.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) < 10):
            return problem(400, "Bad Request", "after: expected a step")
        chain = await self._publisher.chain(request.match_info["place"], request.match_info["project"], int(after))
        if chain is None:
            return problem(404, "Not Found", "nothing is published of it")
        newest = chain.heads[-1].digest if chain.heads else ""
        tag = f"{after}-{newest}-{sum(len(head.cosignatures) for head in chain.heads)}"
        response = build_tagged_response(request, chain.model_dump_json(), tag)
        response.headers["Cache-Control"] = "no-cache"
        return response

    async def _proof(self, request: web.Request) -> web.Response:
        found = await self._publisher.prove(request.match_info["secret"].lower())
        if isinstance(found, Proof):
            return web.json_response(text=found.model_dump_json())
        if found is None:
            return problem(404, "Not Found", "no line has this secret", code="unknown")
        return problem(404, "Not Found", "the line is stored, but not published yet", code="not_yet")
