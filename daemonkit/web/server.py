"""Serving an application on a TCP port until the end of a block."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from daemonkit.web.connections import Connection, Crowd
from daemonkit.web.shortcuts import SHORTCUTS
from daemonkit.web.web_rules import RULES

_KEEP_ALIVE_S = 10.0
"""Also bounds silence and a slowly arriving header: aiohttp's own limit is an hour."""
_LINGER_S = 2.0


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int, *, shutdown_s: float = 3.0) -> AsyncIterator[str]:
    """Serve a guarded application; yields its address, e.g. http://127.0.0.1:8080. Port 0 is a free one.

    Raises OSError when the port is taken. At the end event streams close at once; other requests get `shutdown_s`.
    """
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=shutdown_s, access_log=None)
    await runner.setup()
    server = runner.server
    assert server is not None
    server.request_handler = app[SHORTCUTS].before(server.request_handler)
    loop = asyncio.get_running_loop()
    crowd = Crowd(app[RULES])

    def connect() -> Connection:
        return Connection(
            server,
            crowd,
            loop=loop,
            keepalive_timeout=_KEEP_ALIVE_S,
            lingering_time=_LINGER_S,
            access_log=None,
            auto_decompress=False,
        )

    try:
        listener = await loop.create_server(connect, host, port, backlog=128)
        try:
            yield _address(host, listener.sockets[0].getsockname()[1])
        finally:
            listener.close()
    finally:
        await runner.cleanup()


def _address(host: str, port: int) -> str:
    """An address that a browser on this machine can open."""
    reachable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (compared)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
