"""Pages for each CPU second of the kiosk's program, beside a bare aiohttp handler and a file.

Each server is a process of its own, asked over one connection that stays open; its CPU time is the kernel's count. The
bare handler answers octets of the same length as the kiosk's page from memory, with no guards, session or language.
"kiosk page" is asked without a cookie, so that each begins a session; "kiosk page again" by a browser that has one.
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.browser.fake_giving import FakeKiosk

ROUNDS = 3
REQUESTS = 1500
WAYS = ("bare", "file", "kiosk page", "kiosk page again", "kiosk state")
_PATHS = {"kiosk page": "/", "kiosk state": "/api/v1/scene"}


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


@asynccontextmanager
async def _server(way: str) -> AsyncIterator[tuple[str, int]]:
    """Its address and process id."""
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
    try:
        yield (await child.stdout.readline()).decode().strip(), child.pid
    finally:
        child.stdin.close()
        await child.wait()


def _cpu_s(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


async def _per_cpu_second(way: str) -> float:
    jar = aiohttp.CookieJar(unsafe=True) if way == "kiosk page again" else aiohttp.DummyCookieJar()
    async with _server(way) as (url, pid), aiohttp.ClientSession(cookie_jar=jar) as session:

        async def ask(times: int) -> None:
            for _ in range(times):
                async with session.get(url + _PATHS.get(way, "/")) as answer:
                    assert answer.status == 200, answer.status
                    await answer.read()

        await ask(100)  # warm
        before = _cpu_s(pid)
        await ask(REQUESTS)
        return REQUESTS / (_cpu_s(pid) - before)


async def table() -> str:
    """Medians; all ways in turn in each round, so that a busy machine troubles all alike."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way in WAYS:
            found[way].append(await _per_cpu_second(way))
    middle = {way: statistics.median(values) for way, values in found.items()}
    rows = [f"| {way} | {each:.0f} | {each / middle['bare']:.2f} |" for way, each in middle.items()]
    return "\n".join(["| way | a CPU second | of the bare handler's |", "| --- | ---: | ---: |", *rows])


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
