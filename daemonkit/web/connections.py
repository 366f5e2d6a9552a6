"""Open connections: so many for each peer and in all, and none that stays for ever."""

import asyncio
import time
from enum import IntEnum
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from daemonkit.web.problem import PROBLEM, document
from daemonkit.web.web_rules import WebRules, dress, peer

_log = structlog.get_logger()


class Stage(IntEnum):
    """In the order in which a connection may be closed to make room for a newcomer."""

    waiting = 0
    """For a request, for the rest of one, or for the client to read."""
    streaming = 1
    """Events: a browser comes back by itself."""
    handling = 2
    """Never closed for a newcomer."""


class Crowd:
    """All open connections of one server."""

    def __init__(self, rules: WebRules) -> None:
        self.rules = rules
        self._open: set[Connection] = set()

    def admit(self, newcomer: "Connection") -> bool:
        """Make room for the newcomer if need be; False when everybody is being served."""
        neighbours = [connection for connection in self._open if connection.peer == newcomer.peer]
        if len(neighbours) >= self.rules.peer_connections and not _close_one(neighbours):
            return False
        if len(self._open) >= self.rules.total_connections and not _close_one(list(self._open)):
            return False
        self._open.add(newcomer)
        return True

    def leave(self, connection: "Connection") -> None:
        self._open.discard(connection)


def _close_one(crowd: list["Connection"]) -> bool:
    idle = [connection for connection in crowd if connection.stage is not Stage.handling]
    if not idle:
        return False
    min(idle, key=lambda connection: (connection.stage, connection.since)).drop()
    return True


class Connection(web.RequestHandler):
    """One TCP connection, speaking HTTP/1.1."""

    def __init__(self, manager: web.Server, crowd: Crowd, **options: Any) -> None:  # noqa: ANN401  (aiohttp's options)
        super().__init__(manager, **options)
        self._crowd = crowd
        self._socket: asyncio.Transport | None = None
        self.peer = ""
        self.stage = Stage.waiting
        self.since = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._socket = transport
        address = transport.get_extra_info("peername")
        self.peer = peer(address[0] if isinstance(address, tuple) else None)
        if self._crowd.admit(self):
            super().connection_made(transport)
        else:
            self._force_close = True
            transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._crowd.leave(self)
        super().connection_lost(exc)

    def enter(self, stage: Stage) -> None:
        self.stage = stage
        self.since = time.monotonic()

    def drop(self) -> None:
        """Close without waiting for anything."""
        self._crowd.leave(self)
        if self._socket is not None:
            self._socket.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What never reached the application: not HTTP, mostly. Nothing of it is echoed."""
        if isinstance(exc, HttpProcessingError):
            _log.info("request.malformed", error=type(exc).__name__, client=self.peer)
        else:
            _log.error("request.failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the response has begun already")
        response = web.Response(
            status=status,
            text=document(status, HTTPStatus(status).phrase, "", {}),
            content_type=PROBLEM,
            headers={"Server": "", **dress(self._crowd.rules)},
        )
        response.force_close()
        return response


def set_stage(request: web.Request, stage: Stage) -> None:
    """Tell the crowd what the request's connection is doing."""
    if isinstance(request.protocol, Connection):
        request.protocol.enter(stage)
