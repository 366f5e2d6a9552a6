"""A webhook receiver that checks signatures and stores requests."""

import asyncio
import hmac
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiohttp import web


@dataclass
class Receiver:
    """`statuses`: its answers in order, the last one repeated. `came`: (id, body) of each request."""

    url: str = ""
    secret: str = ""
    statuses: list[int] = field(default_factory=lambda: [204])
    came: list[tuple[str, Any]] = field(default_factory=list)
    forged: int = 0

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        id_, stamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        key = b64decode(self.secret.removeprefix("whsec_"))
        expected = b64encode(hmac.new(key, f"{id_}.{stamp}.".encode() + body, sha256).digest()).decode()
        if not hmac.compare_digest(request.headers["webhook-signature"], f"v1,{expected}"):
            self.forged += 1
        self.came.append((id_, await request.json()))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else {})


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    app.router.add_route("*", "/elsewhere", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        listener = await asyncio.get_running_loop().create_server(_server(runner), "127.0.0.1", 0)
        receiver.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/hook"
        yield receiver
        listener.close()
    finally:
        await runner.cleanup()


def _server(runner: web.AppRunner) -> web.Server:
    assert runner.server is not None
    return runner.server
