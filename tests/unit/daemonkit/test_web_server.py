"""Test connection limits, event streams and shutdown."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientError, ClientSession, web

from daemonkit.broadcast import Broadcast
from daemonkit.web import (
    ServerTimings,
    StreamTimings,
    WebRules,
    guarded_app,
    read_body,
    serving,
    shutdown_event,
    stream_events,
)
from daemonkit.web.web_rules import identify_peer
from tests.unit.daemonkit.raw_http import BEFORE_IT_IS_IDLE_S, answer, closed_within, connected

HOST = b"Host: 127.0.0.1\r\n"


def rules(*, per_peer: int = 20, total: int = 256, reserved: int = 0) -> WebRules:
    return WebRules(
        frozenset({"127.0.0.1"}),
        secret=b"s" * 32,
        peer_connections=per_peer,
        total_connections=total,
        reserved_connections=reserved,
        requests_per_second=1e6,
        burst=10**6,
    )


class Site:
    """A page, a slow page, a body and a stream; knows who is being served."""

    def __init__(self, site_rules: WebRules, timings: StreamTimings | None = None) -> None:
        self.timings = timings or StreamTimings()
        self.news = Broadcast()
        self.release = asyncio.Event()
        self.at_work = 0
        self.streams = 0
        self.app = guarded_app(site_rules)
        for path, handler in {"/": self.page, "/slow": self.slow, "/live": self.live, "/poll": self.poll}.items():
            self.app.router.add_get(path, handler)
        self.app.router.add_post("/body", self.body)

    async def page(self, request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def slow(self, request: web.Request) -> web.Response:
        self.at_work += 1
        try:
            await self.release.wait()
        finally:
            self.at_work -= 1
        return web.Response(text="done")

    async def poll(self, request: web.Request) -> web.Response:
        self.at_work += 1
        await shutdown_event(request).wait()
        return web.Response(text="closing")

    async def body(self, request: web.Request) -> web.Response:
        return web.Response(body=await read_body(request, limit=100, deadline=10))

    async def live(self, request: web.Request) -> web.StreamResponse:
        self.streams += 1
        try:
            return await stream_events(request, self.messages(), timings=self.timings)
        finally:
            self.streams -= 1

    async def messages(self) -> AsyncGenerator[str]:
        number = 0
        async for _ in self.news.changes():
            number += 1
            yield f'{{"number": {number}}}'


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


async def get(url: str, *, local: str | None = None) -> bytes:
    return await answer(url, b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", local=local)


@pytest.mark.parametrize("start", [b"", b"G", b"POST /body HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\nx"])
async def test_many_slow_connections_do_not_block_others(start: bytes) -> None:
    site, timings = Site(rules(per_peer=20, total=40)), ServerTimings(keep_alive_s=600)  # none ends by itself
    async with serving(site.app, "127.0.0.1", 0, timings=timings) as url, AsyncExitStack() as crowd:
        for number in range(120):
            local = f"127.0.0.{2 + number % 6}"
            _, writer = await crowd.enter_async_context(connected(url, local=local))
            writer.write(start)
        began = time.monotonic()
        assert (await get(url)).endswith(b"hello")
        assert (await get(url, local="127.0.0.2")).endswith(b"hello")
        assert time.monotonic() - began < 30


async def test_the_longest_idle_connection_of_a_peer_makes_room() -> None:
    async with (
        serving(Site(rules(per_peer=2)).app, "127.0.0.1", 0) as url,
        connected(url, local="127.0.0.2") as (first, _),
        connected(url, local="127.0.0.2") as second,
        connected(url, local="127.0.0.3") as stranger,
    ):
        assert (await get(url, local="127.0.0.2")).endswith(b"hello")
        await closed_within(first, BEFORE_IT_IS_IDLE_S)
        for reader, writer in (second, stranger):
            writer.write(b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
            assert (await closed_within(reader, BEFORE_IT_IS_IDLE_S)).endswith(b"hello")


async def test_the_longest_idle_connection_of_all_makes_room_at_the_total_limit() -> None:
    async with (
        serving(Site(rules(total=2)).app, "127.0.0.1", 0) as url,
        connected(url, local="127.0.0.2") as (first, _),
        connected(url, local="127.0.0.3"),
    ):
        assert (await get(url, local="127.0.0.4")).endswith(b"hello")
        await closed_within(first, BEFORE_IT_IS_IDLE_S)


async def test_guests_at_work_leave_connections_for_this_machine() -> None:
    site = Site(rules(total=4, reserved=2))
    async with serving(site.app, "127.0.0.1", 0) as url, AsyncExitStack() as guests:
        for number in (2, 3):
            _, writer = await guests.enter_async_context(connected(url, local=f"127.0.0.{number}"))
            writer.write(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n")
        await until(lambda: site.at_work == 2)
        assert await get(url, local="127.0.0.4") == b""
        for _ in range(3):
            assert (await get(url)).endswith(b"hello")
        site.release.set()


async def test_a_request_at_work_is_never_closed_for_a_newcomer() -> None:
    site = Site(rules(per_peer=2))
    async with serving(site.app, "127.0.0.1", 0) as url, ClientSession() as client:
        working = [asyncio.create_task(client.get(url + "/slow")) for _ in range(2)]
        await until(lambda: site.at_work == 2)
        assert await get(url) == b""
        site.release.set()
        for task in working:
            async with await task as response:
                assert await response.text() == "done"


async def test_silent_and_slow_connections_are_closed() -> None:
    async with (
        serving(Site(rules()).app, "127.0.0.1", 0, timings=ServerTimings(keep_alive_s=0.3)) as url,
        connected(url) as (silent, _),
        connected(url) as (dripping, writer),
    ):

        async def drip() -> None:
            writer.write(b"GET / HTTP/1.1\r\nX: ")
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.02)

        task = asyncio.create_task(drip())
        await closed_within(silent, BEFORE_IT_IS_IDLE_S)
        await closed_within(dripping, BEFORE_IT_IS_IDLE_S)
        task.cancel()


@pytest.mark.parametrize("path", [b"/slow", b"/live"])
async def test_a_client_that_leaves_ends_its_request(path: bytes) -> None:
    site = Site(rules())
    async with serving(site.app, "127.0.0.1", 0) as url:
        async with connected(url) as (_, writer):
            writer.write(b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n")
            await until(lambda: site.at_work + site.streams == 1)
        await until(lambda: site.at_work + site.streams == 0)


async def test_a_stream_sends_the_latest_state_as_events() -> None:
    site = Site(rules())
    async with (
        serving(site.app, "127.0.0.1", 0) as url,
        ClientSession() as client,
        client.get(url + "/live") as response,
    ):
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-store"
        assert await response.content.readuntil(b"\n\n") == b'data: {"number": 1}\n\n'
        site.news.poke()
        assert await response.content.readuntil(b"\n\n") == b'data: {"number": 2}\n\n'
        site.news.close()
        assert await response.content.read() == b""
    assert site.streams == 0


async def test_an_event_carries_any_text() -> None:
    site = Site(rules())

    async def messages() -> AsyncGenerator[str]:
        yield "one\u2028\x85爱\ntwo\r\n\rthree"
        yield ""

    async def odd(request: web.Request) -> web.StreamResponse:
        return await stream_events(request, messages())

    site.app.router.add_get("/odd", odd)
    async with (
        serving(site.app, "127.0.0.1", 0) as url,
        ClientSession() as client,
        client.get(url + "/odd") as response,
    ):
        assert await response.text() == "data: one\u2028\x85爱\ndata: two\ndata: \ndata: three\n\ndata: \n\n"


async def test_the_message_generator_is_closed_when_the_reader_is_gone() -> None:
    site, open_ = Site(rules()), [False]

    async def messages() -> AsyncGenerator[str]:
        open_[0] = True
        try:
            while True:
                yield "x" * 1_000
        finally:
            open_[0] = False

    generator = messages()  # so that nothing but the stream itself lets it go

    async def flood(request: web.Request) -> web.StreamResponse:
        return await stream_events(request, generator)

    site.app.router.add_get("/flood", flood)
    async with serving(site.app, "127.0.0.1", 0) as url, ClientSession() as client:
        async with client.get(url + "/flood") as response:
            await response.content.readuntil(b"\n\n")
            assert open_[0]
        await until(lambda: not open_[0])


async def test_a_quiet_stream_pings() -> None:
    async with (
        serving(Site(rules(), StreamTimings(ping_s=0.05)).app, "127.0.0.1", 0) as url,
        ClientSession() as client,
        client.get(url + "/live") as response,
    ):
        await response.content.readuntil(b"\n\n")
        assert await response.content.readuntil(b"\n\n") == b": ping\n\n"


async def test_the_head_of_a_stream_comes_without_the_stream() -> None:
    async with serving(Site(rules()).app, "127.0.0.1", 0) as url:
        head = await answer(url, b"HEAD /live HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert head.endswith(b"\r\n\r\n")


async def test_open_streams_polls_and_idle_connections_do_not_delay_the_exit() -> None:
    site = Site(rules())
    async with ClientSession() as client, AsyncExitStack() as crowd:
        async with serving(site.app, "127.0.0.1", 0, timings=ServerTimings(shutdown_s=60)) as url:
            async with client.get(url) as response:
                await response.read()
            await crowd.enter_async_context(connected(url))
            for _ in range(5):
                await crowd.enter_async_context(client.get(url + "/live"))
            poll = asyncio.create_task(client.get(url + "/poll"))
            await until(lambda: site.streams == 5 and site.at_work == 1)
            began = time.monotonic()
        assert time.monotonic() - began < 30
        async with await poll as response:
            assert await response.text() == "closing"


async def test_a_reader_that_stopped_reading_does_not_delay_the_exit() -> None:
    site = Site(rules())

    async def messages() -> AsyncGenerator[str]:
        while True:
            yield "x" * 1_000_000

    async def flood(request: web.Request) -> web.StreamResponse:
        site.streams += 1
        return await stream_events(request, messages())

    site.app.router.add_get("/flood", flood)
    async with AsyncExitStack() as crowd:
        async with serving(site.app, "127.0.0.1", 0, timings=ServerTimings(shutdown_s=60)) as url:
            _, writer = await crowd.enter_async_context(connected(url))
            assert isinstance(writer.transport, asyncio.Transport)
            writer.transport.pause_reading()
            writer.write(b"GET /flood HTTP/1.1\r\n" + HOST + b"\r\n")
            await until(lambda: site.streams == 1)
            await asyncio.sleep(0.2)  # the sockets' buffers fill
            began = time.monotonic()
        assert time.monotonic() - began < 20  # a write alone would wait for longer


async def test_a_request_at_work_has_its_time_to_end_and_no_more() -> None:
    site = Site(rules())
    async with ClientSession() as client:
        async with serving(site.app, "127.0.0.1", 0, timings=ServerTimings(shutdown_s=0.3)) as url:
            asked = asyncio.create_task(client.get(url + "/slow"))
            await until(lambda: site.at_work == 1)
            began = time.monotonic()
        assert 0.25 < time.monotonic() - began < 30
        with pytest.raises(ClientError):
            await asked


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open() -> None:
    async with serving(Site(rules()).app, "127.0.0.1", 0) as url:
        with pytest.raises(OSError, match="address already in use"):
            async with serving(Site(rules()).app, "127.0.0.1", int(url.rpartition(":")[2])):
                pass


async def test_the_address_is_one_that_a_browser_here_can_open() -> None:
    async with serving(Site(rules()).app, "0.0.0.0", 0) as url:
        assert url.startswith("http://127.0.0.1:")
        assert (await get(url)).endswith(b"hello")


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.168.1.7", "192.168.1.7"),
        ("::ffff:192.168.1.7", "192.168.1.7"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        (None, "unknown"),
    ],
)
def test_a_device_counts_as_one_peer(address: str | None, counts_as: str) -> None:
    assert identify_peer(address) == counts_as
