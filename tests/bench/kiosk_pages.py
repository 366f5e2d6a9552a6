"""Measure pages per CPU second of the kiosk, against a bare aiohttp handler and a static file.

Each server is a process with one persistent connection; its CPU time is the kernel's figure for all its threads. The
servers are queried in short alternating turns, and the result is the median of the turns' ratios, so that other load
affects all equally. The bare handler returns the bytes of the kiosk's first page from memory, without guards, session,
language or headers; the file has the same bytes. "kiosk page" has no cookie, so each request starts a session; "kiosk
page again" has one.
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
    """Child process: print the address and serve until standard input ends."""
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
class _Server:
    """A running server. `costs`: CPU seconds of each turn."""

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
async def _start_server(way: str) -> AsyncIterator[_Server]:
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
            yield _Server(url + WAYS[way], child.pid, client)
    finally:
        child.stdin.close()
        await child.wait()


async def build_table() -> str:
    async with AsyncExitStack() as servers:
        running = {way: await servers.enter_async_context(_start_server(way)) for way in WAYS}
        for each in running.values():
            await each.turn()  # warm-up
            each.costs.clear()
        for _ in range(TURNS):
            for each in running.values():
                await each.turn()
    rows = [
        f"| {way} | {REQUESTS / statistics.median(each.costs):,.0f} "
        f"| {_ratio(running['bare'], each):.2f} | {_ratio(running['file'], each):.2f} |"
        for way, each in running.items()
    ]
    return "\n".join(
        ["| way | a CPU second | of the bare handler's | of the file's |", "| --- | ---: | ---: | ---: |", *rows]
    )


def _ratio(other: _Server, ours: _Server) -> float:
    """Return how many of our pages take the CPU time of one of the other."""
    return statistics.median(other_s / ours_s for other_s, ours_s in zip(other.costs, ours.costs, strict=True))


async def _print() -> None:
    print(await build_table())


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]) if sys.argv[1:] else _print())
