"""Serve /openapi.json. The document is built at the first request: few servers need it."""

import json
from functools import cached_property
from importlib.metadata import version

from aiohttp import web

from central_server.api.json_response import build_tagged_response
from central_server.api.openapi_document import build_document
from central_server.api.operations import OPERATIONS


class OpenApiFile:
    def routes(self) -> list[web.RouteDef]:
        return [web.get("/openapi.json", self._get)]

    @cached_property
    def _body(self) -> str:
        document = build_document(OPERATIONS, version("beacon-gateway"))
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

    async def _get(self, request: web.Request) -> web.Response:
        response = build_tagged_response(request, self._body)
        response.headers["Cache-Control"] = "no-cache"
        return response
