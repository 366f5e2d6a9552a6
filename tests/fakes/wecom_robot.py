"""A group robot of 企業微信 (WeCom), as documented."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Robot:
    """`origin`: its address. `came`: accepted texts. `answers`: error codes to return first."""

    key: str = "693a91f6-7aaa-4bc4-97a0-0ec251fa5aaa"
    origin: str = ""
    came: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if request.query.get("key") != self.key:
            return web.json_response({"errcode": 93000, "errmsg": "invalid webhook url"})
        if self.answers:
            return web.json_response({"errcode": self.answers.pop(0), "errmsg": "api freq out of limit"})
        content = body["text"]["content"]
        if body["msgtype"] != "text" or len(content.encode()) > 2048:
            return web.json_response({"errcode": 40058, "errmsg": "content exceeds max length"})
        self.came.append(content)
        return web.json_response({"errcode": 0, "errmsg": "ok"})


@asynccontextmanager
async def running_robot() -> AsyncIterator[Robot]:
    robot = Robot()
    app = web.Application()
    app.router.add_post("/cgi-bin/webhook/send", robot.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    listener = await asyncio.get_running_loop().create_server(runner.server, "127.0.0.1", 0)
    robot.origin = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield robot
    finally:
        listener.close()
        await runner.cleanup()
