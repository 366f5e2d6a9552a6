"""Measure the time from a received frame to the first byte of the new scene, against a bare event stream.

    python -m tests.bench.live [--turns N]

There are two servers, each in its own process. "Heard" is the complete path: the tag's frame, presence, the choice of
a project, the rendered page, the event. "Bare" is an aiohttp handler that writes the same number of bytes from a queue.
They alternate. The clock is the monotonic one, which processes share; it is read before the frame is processed (or the
bytes are queued), and when the waiting client has the first byte.
"""

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from beacon_gateway.kiosk.scene_driver import SceneDriver
from beacon_gateway.model.reasons import NothingNear
from beacon_gateway.presence.choice import Choice, Chosen
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.visit_tracker import Tracker
from sync_contract.records import Door
from tests.browser.fake_giving import FakeKiosk
from tests.unit.beacon_gateway.presence.people import frame, person

CARD = person(1, project="elder-lunch")
RULES = PresenceRules()
END = b"\n\n"


async def serve_heard() -> None:
    """Child process: a line on standard input brings a card near, the next line removes it."""
    assert CARD.project is not None
    bindings = {CARD.id: CARD.project}
    kiosk = FakeKiosk()
    async with kiosk.serve() as url:
        print(url + "/live?view=attract", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            follow = SceneDriver(
                Tracker([CARD], RULES),
                Choice(ChoiceRules()),
                Collector([CARD]),
                kiosk.current_scene,
                bindings=lambda: bindings,
            )
            for number in count():
                sighting = frame(CARD, -50, number / 10)
                began = time.monotonic()
                follow.hear(sighting)
                if kiosk.current_scene.scene.project is not None:
                    break
            print(began, flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            kiosk.current_scene.show(Chosen(None, None, Door.touch, NothingNear()))


async def serve_bare(size: int) -> None:
    """Child process: each line on standard input sends an event of `size` bytes."""
    events: asyncio.Queue[bytes] = asyncio.Queue()

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while True:
            await response.write(await events.get())

    app = web.Application()
    app.router.add_get("/", stream)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("http://{}:{}/".format(*runner.addresses[0][:2]), flush=True)
    event = b"data: " + b"x" * (size - 8) + END
    events.put_nowait(event)  # like ours, the current state
    while await asyncio.to_thread(sys.stdin.readline):
        began = time.monotonic()
        events.put_nowait(event)
        print(began, flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        events.put_nowait(event)
    os._exit(0)  # its stream never ends


class Client:
    """A browser's connection, and the server's standard input and output."""

    def __init__(self, server: "subprocess.Popen[str]", connection: socket.socket) -> None:
        self._server = server
        self._connection = connection
        self.event = len(self._read_rest(b""))
        """Size of the first event, with the response headers."""

    def measure(self) -> float:
        """Return milliseconds until the first byte."""
        self._send_line()
        first = self._connection.recv(65536)
        at = time.monotonic()
        assert self._server.stdout
        began = float(self._server.stdout.readline())
        self._read_rest(first)
        self._send_line()
        self._read_rest(b"")
        return (at - began) * 1000

    def _send_line(self) -> None:
        assert self._server.stdin
        self._server.stdin.write("\n")
        self._server.stdin.flush()

    def _read_rest(self, data: bytes) -> bytes:
        while not data.endswith(END + b"\r\n"):
            data += self._connection.recv(65536)
        return data


@contextmanager
def client(*words: str) -> Iterator[Client]:
    argv = (sys.executable, "-m", "tests.bench.live", *words)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        url = urlsplit(server.stdout.readline().strip())
        assert url.hostname
        assert url.port
        with socket.create_connection((url.hostname, url.port)) as connection:
            path = f"{url.path}?{url.query}"
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
            yield Client(server, connection)
            server.terminate()


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    reader.add_argument("--turns", type=int, default=500)
    reader.add_argument("serve", nargs="*", help=argparse.SUPPRESS)
    options = reader.parse_args()
    if options.serve:
        with Path(os.devnull).open("w") as sink:  # standard output is the client's
            structlog.configure(logger_factory=structlog.WriteLoggerFactory(sink))
            asyncio.run(serve_heard() if options.serve == ["heard"] else serve_bare(int(options.serve[1])))
        return
    with ExitStack() as servers:
        ours = servers.enter_context(client("heard"))
        theirs = servers.enter_context(client("bare", str(ours.event)))
        pairs = [(ours.measure(), theirs.measure()) for _ in range(options.turns + 20)][20:]
    print("| | p50 | p99 |\n| --- | ---: | ---: |")
    for name, times_ms in zip(("heard → first byte", "bare"), zip(*pairs, strict=True), strict=True):
        print(f"| {name} | {statistics.median(times_ms):.2f} ms | {statistics.quantiles(times_ms, n=100)[98]:.2f} ms |")
    print(f"\nRatio to the bare handler: {statistics.median(each / other for each, other in pairs):.2f}")


if __name__ == "__main__":
    main()
