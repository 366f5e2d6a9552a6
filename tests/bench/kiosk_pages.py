"""Pages for each CPU second of the kiosk's program, beside a bare aiohttp handler and a file.

Each server is a process of its own, asked over one connection that stays open; its CPU time is the kernel's count, of
all its threads. The servers run at once and are asked in short turns; what is told is the median of the turns' ratios,
so that other work on the machine troubles all alike. The bare handler answers the octets of the kiosk's first page from
memory, with no guards, session, language or header that it is not told; the file is of the same octets.
"kiosk page" is asked without a cookie, so that each begins a session; "kiosk page again" by a browser that has one.
"help" and "project" are pages from memory, too, that go the ordinary way.
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.browser.fake_giving import FakeKiosk

TURNS = 60
REQUESTS = 100
WAYS = {
    "bare": "/",
    "file": "/",
    "kiosk page": "/",
    "kiosk page again": "/",
    "kiosk state": "/api/v1/scene",
    "kiosk help": "/help",
    "kiosk project": "/project/elder-lunch",
}


async def _serve(way: str) -> None:
    """In the child: prints the address, and stays until standard input ends."""
    kiosk = FakeKiosk()
    async with kiosk.serve() as kiosk_url, aiohttp.ClientSession() as session:
        async with session.get(kiosk_url) as answer:
            page = await answer.read()
        if way.startswith("kiosk"):
            print(kiosk_url, flush=True)
            await asyncio.to_thread(sys.stdin.read)
            return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_bytes(page)

        async def bare(_: web.Request) -> web.StreamResponse:
            return web.Response(body=page, content_type="text/html")

        async def from_disk(_: web.Request) -> web.StreamResponse:
            return web.FileResponse(file)

        app = web.Application()
        app.router.add_get("/", bare if way == "bare" else from_disk)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print("http://{}:{}".format(*runner.addresses[0][:2]), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await runner.cleanup()


@dataclass
class _Asked:
    """`costs`: CPU seconds of each turn."""

    url: str
    pid: int
    client: aiohttp.ClientSession
    costs: list[float] = field(default_factory=list)

    async def turn(self) -> None:
        before = self._cpu_s()
        for _ in range(REQUESTS):
            async with self.client.get(self.url) as answer:
                assert answer.status == 200, answer.status
                await answer.read()
        self.costs.append(self._cpu_s() - before)

    def _cpu_s(self) -> float:
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(each.read_text().split()[0]) for each in threads) / 1e9


@asynccontextmanager
async def _server(way: str) -> AsyncIterator[_Asked]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.kiosk_pages",
        way,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin
    assert child.stdout
    jar = aiohttp.DummyCookieJar() if way == "kiosk page" else aiohttp.CookieJar(unsafe=True)
    try:
        url = (await child.stdout.readline()).decode().strip()
        async with aiohttp.ClientSession(cookie_jar=jar) as client:
            yield _Asked(url + WAYS[way], child.pid, client)
    finally:
        child.stdin.close()
        await child.wait()


async def table() -> str:
    async with AsyncExitStack() as servers:
        asked = {way: await servers.enter_async_context(_server(way)) for way in WAYS}
        for each in asked.values():
            await each.turn()  # warm
            each.costs.clear()
        for _ in range(TURNS):
            for each in asked.values():
                await each.turn()
    rows = [
        f"| {way} | {REQUESTS / statistics.median(each.costs):,.0f} "
        f"| {_ratio(asked['bare'], each):.2f} | {_ratio(asked['file'], each):.2f} |"
        for way, each in asked.items()
    ]
    return "\n".join(
        ["| way | a CPU second | of the bare handler's | of the file's |", "| --- | ---: | ---: | ---: |", *rows]
    )


def _ratio(other: _Asked, ours: _Asked) -> float:
    """How many of ours for one of the other, in the same turn."""
    return statistics.median(there / here for there, here in zip(other.costs, ours.costs, strict=True))


async def _print() -> None:
    print(await table())


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]) if sys.argv[1:] else _print())
