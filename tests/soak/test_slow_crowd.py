"""Slow connections to the real program with its service limits: a well-behaved client is served.

SOAK_SLOW (default "120 1100") says how many are held open at once, one size of the crowd after the other.
"""

import asyncio
import os
import statistics
import time
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from tests.fakes.central_program import open_house

CROWDS = [int(number) for number in os.environ.get("SOAK_SLOW", "120 1100").split()]
ASKED_S = 2.0
PAGES = ("/healthz", "/s", "/staff/login", "/openapi.json")
TURNS = 25


class Slow:
    """One octet a second or none at all, in the middle of something that never ends."""

    def __init__(self, url: str, number: int) -> None:
        self.place = urlsplit(url)
        host = f"Host: {self.place.netloc}\r\n".encode()
        length = b"Content-Length: 1000000\r\nContent-Type: application/json\r\n\r\n"
        self.begin, self.drop = (
            (b"", b""),
            (b"GET / HTTP/1.1\r\n" + host + b"X: ", b"x"),
            (b"POST /api/v1/parcels HTTP/1.1\r\n" + host + length, b"x"),
            (b"POST /staff/login HTTP/1.1\r\n" + host + length, b"x"),
        )[number % 4]
        self.opened = 0

    async def go_on(self) -> None:
        """For ever: whoever is sent away comes again."""
        while True:
            try:
                _, writer = await asyncio.open_connection(self.place.hostname, self.place.port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            self.opened += 1
            try:
                writer.write(self.begin)
                while not writer.transport.is_closing():
                    writer.write(self.drop)
                    await asyncio.sleep(1)
            finally:
                writer.transport.abort()


async def served(url: str) -> list[float]:
    """Seconds of each answer, each over a connection of its own, as a stranger's first one is."""
    took = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        for _ in range(TURNS):
            for path in PAGES:
                began = time.monotonic()
                async with session.get(url + path) as answer:
                    await answer.read()
                    assert answer.status == 200, path
                took.append(time.monotonic() - began)
    return took


async def test_a_normal_client_is_served_despite_slow_connections(tmp_path: Path) -> None:
    async with AsyncExitStack() as edges:
        house = await edges.enter_async_context(open_house(tmp_path, ""))
        server = await edges.enter_async_context(house.running())
        await served(server.url)  # what is loaded once is loaded now
        times = {0: await served(server.url)}
        for size in CROWDS:
            crowd = [Slow(server.url, number) for number in range(size)]
            async with asyncio.TaskGroup() as running:
                tasks = [running.create_task(slow.go_on()) for slow in crowd]
                while any(not slow.opened for slow in crowd):
                    await asyncio.sleep(0.05)
                times[size] = await served(server.url)
                assert not any(task.done() for task in tasks)
                for task in tasks:
                    task.cancel()
        assert "Traceback" not in house.log(1).read_text(encoding="utf-8")
    for size, took in times.items():
        print(f"\n{size} slow: {len(took)} answers, median {statistics.median(took):.3f} s, worst {max(took):.3f} s")
    assert max(max(took) for took in times.values()) < ASKED_S
