"""How soon a browser has the first byte of a new scene: from the frame that is heard, beside a bare stream of events.

    python -m tests.bench.live [--turns N]

Two servers, each a process of its own. "Heard" is the whole way: the frame of a tag on which presence decides, the
choice of a project, the page made anew, the event. "Bare" is an aiohttp handler that takes as many octets from a queue
and writes them. Both take turns; the clock is the system's monotonic one, which processes share. It is read before the
frame is told (or the octets are put), and when a client that waits in its socket has the first byte.
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
from beacon_gateway.presence.tracker import Tracker
from sync_contract.records import Door
from tests.browser.fake_giving import FakeKiosk
from tests.unit.beacon_gateway.presence.people import frame, person

CARD = person(1, project="elder-lunch")
RULES = PresenceRules()
END = b"\n\n"


async def heard() -> None:
    """In a child: with each line on standard input, a card walks up; the next line takes it away."""
    assert CARD.project is not None
    bindings = {CARD.id: CARD.project}
    kiosk = FakeKiosk()
    async with kiosk.serve() as url:
        print(url + "/live?view=attract", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            follow = SceneDriver(
                Tracker([CARD], RULES), Choice(ChoiceRules()), Collector([CARD]), kiosk.stage, bindings=lambda: bindings
            )
            for number in count():
                sighting = frame(CARD, -50, number / 10)
                began = time.monotonic()
                follow.hear(sighting)
                if kiosk.stage.scene.project is not None:
                    break
            print(began, flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            kiosk.stage.show(Chosen(None, None, Door.touch, NothingNear()))


async def bare(octets: int) -> None:
    """In a child: with each line on standard input, an event of so many octets."""
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
    event = b"data: " + b"x" * (octets - 8) + END
    events.put_nowait(event)  # as ours does: what is shown now
    while await asyncio.to_thread(sys.stdin.readline):
        began = time.monotonic()
        events.put_nowait(event)
        print(began, flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        events.put_nowait(event)
    os._exit(0)  # its stream has no end


class Client:
    """A browser's connection, and the server's standard input and output."""

    def __init__(self, server: "subprocess.Popen[str]", connection: socket.socket) -> None:
        self._server = server
        self._connection = connection
        self.event = len(self._rest(b""))
        """Octets of the first, with the head of the answer."""

    def turn(self) -> float:
        """Milliseconds until the first byte."""
        self._say()
        first = self._connection.recv(65536)
        at = time.monotonic()
        assert self._server.stdout
        began = float(self._server.stdout.readline())
        self._rest(first)
        self._say()
        self._rest(b"")
        return (at - began) * 1000

    def _say(self) -> None:
        assert self._server.stdin
        self._server.stdin.write("\n")
        self._server.stdin.flush()

    def _rest(self, octets: bytes) -> bytes:
        while not octets.endswith(END + b"\r\n"):
            octets += self._connection.recv(65536)
        return octets


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
    asked = reader.parse_args()
    if asked.serve:
        with Path(os.devnull).open("w") as nowhere:  # standard output is the client's
            structlog.configure(logger_factory=structlog.WriteLoggerFactory(nowhere))
            asyncio.run(heard() if asked.serve == ["heard"] else bare(int(asked.serve[1])))
        return
    with ExitStack() as servers:
        ours = servers.enter_context(client("heard"))
        theirs = servers.enter_context(client("bare", str(ours.event)))
        pairs = [(ours.turn(), theirs.turn()) for _ in range(asked.turns + 20)][20:]
    print("| | p50 | p99 |\n| --- | ---: | ---: |")
    for name, took in zip(("heard → first byte", "bare"), zip(*pairs, strict=True), strict=True):
        print(f"| {name} | {statistics.median(took):.2f} ms | {statistics.quantiles(took, n=100)[98]:.2f} ms |")
    print(f"\nOf the bare handler's: {statistics.median(each / other for each, other in pairs):.2f}")


if __name__ == "__main__":
    main()
