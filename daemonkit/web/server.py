"""Serve an application on a TCP port until the end of a block."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from daemonkit.web.connections import Connection, ConnectionLimiter
from daemonkit.web.web_rules import RULES


@dataclass(frozen=True, slots=True)
class ServerTimings:
    """Seconds. `keep_alive_s` also limits silence and a header that arrives slowly (aiohttp's own limit is an hour).

    `shutdown_s`: how long requests may continue after the end of the block; event streams close immediately.
    """

    keep_alive_s: float = 10.0
    linger_s: float = 2.0
    shutdown_s: float = 3.0


_DEFAULT_TIMINGS = ServerTimings()


@asynccontextmanager
async def serving(
    app: web.Application, host: str, port: int, *, timings: ServerTimings = _DEFAULT_TIMINGS
) -> AsyncIterator[str]:
    """Serve a guarded application; yield its address, e.g. http://127.0.0.1:8080. Port 0 selects a free port.

    Raises OSError when the port is taken.
    """
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=timings.shutdown_s, access_log=None)
    await runner.setup()
    server = runner.server
    assert server is not None
    loop = asyncio.get_running_loop()
    limiter = ConnectionLimiter(app[RULES])

    def connect() -> Connection:
        return Connection(
            server,
            limiter,
            loop=loop,
            keepalive_timeout=timings.keep_alive_s,
            lingering_time=timings.linger_s,
            access_log=None,
            auto_decompress=False,
        )

    try:
        listener = await loop.create_server(connect, host, port, backlog=128)
        try:
            yield _local_address(host, listener.sockets[0].getsockname()[1])
        finally:
            listener.close()
    finally:
        await runner.cleanup()


def _local_address(host: str, port: int) -> str:
    """Return an address that a browser on this machine can open."""
    reachable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (compared)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
