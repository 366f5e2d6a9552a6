"""Limit open connections per peer and in total, and close the longest idle one to admit a new one."""

import asyncio
import time
from enum import IntEnum
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from daemonkit.web.problem import PROBLEM, problem_document
from daemonkit.web.web_rules import WebRules, identify_peer, security_headers

_log = structlog.get_logger()
_LOOPBACK = ("127.0.0.1", identify_peer("::1"))


class Stage(IntEnum):
    """What a connection does, in the order in which connections are closed to admit a new one."""

    waiting = 0
    """For a request, for the rest of one, or for the client to read."""
    streaming = 1
    """Server-sent events: a browser reconnects by itself."""
    handling = 2
    """Never closed for a new connection."""


class ConnectionLimiter:
    """All open connections of one server."""

    def __init__(self, rules: WebRules) -> None:
        self.rules = rules
        self._open: set[Connection] = set()

    def admit(self, connection: "Connection") -> bool:
        """Register the connection; close an idle one if a limit is reached. Return False if all handle requests."""
        same_peer = [each for each in self._open if each.peer == connection.peer]
        if len(same_peer) >= self.rules.peer_connections and not _close_longest_idle(same_peer):
            return False
        if connection.local:
            others, most = list(self._open), self.rules.total_connections
        else:
            others = [each for each in self._open if not each.local]
            most = self.rules.total_connections - self.rules.reserved_connections
        if len(others) >= most and not _close_longest_idle(others):
            return False
        self._open.add(connection)
        return True

    def remove(self, connection: "Connection") -> None:
        self._open.discard(connection)


def _close_longest_idle(connections: list["Connection"]) -> bool:
    idle = [connection for connection in connections if connection.stage is not Stage.handling]
    if not idle:
        return False
    min(idle, key=lambda connection: (connection.stage, connection.since)).abort()
    return True


class Connection(web.RequestHandler):
    """One TCP connection that speaks HTTP/1.1."""

    def __init__(self, manager: web.Server, limiter: ConnectionLimiter, **options: Any) -> None:  # noqa: ANN401  (aiohttp's options)
        super().__init__(manager, **options)
        self._limiter = limiter
        self._socket: asyncio.Transport | None = None
        self.peer = ""
        self.stage = Stage.waiting
        self.since = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._socket = transport
        address = transport.get_extra_info("peername")
        self.peer = identify_peer(address[0] if isinstance(address, tuple) else None)
        if self._limiter.admit(self):
            super().connection_made(transport)
        else:
            self._force_close = True
            transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._limiter.remove(self)
        super().connection_lost(exc)

    def enter(self, stage: Stage) -> None:
        self.stage = stage
        self.since = time.monotonic()

    @property
    def local(self) -> bool:
        """Whether the peer is this machine."""
        return self.peer in _LOOPBACK

    def abort(self) -> None:
        """Close without waiting for anything."""
        self._limiter.remove(self)
        if self._socket is not None:
            self._socket.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that did not reach the application, mostly malformed HTTP. Echo nothing of it."""
        if isinstance(exc, HttpProcessingError):
            _log.info("request.malformed", error=type(exc).__name__, client=self.peer)
        else:
            _log.error("request.failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the response has already started")
        response = web.Response(
            status=status,
            text=problem_document(status, HTTPStatus(status).phrase, "", {}),
            content_type=PROBLEM,
            headers={"Server": "", **security_headers(self._limiter.rules)},
        )
        response.force_close()
        return response


def set_stage(request: web.Request, stage: Stage) -> None:
    """Record what the request's connection does."""
    if isinstance(request.protocol, Connection):
        request.protocol.enter(stage)
