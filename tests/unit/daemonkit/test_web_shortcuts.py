"""A shortcut leaves out aiohttp's router and nothing else: no guard, no header, no answer is another."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network

import pytest
from aiohttp import web

from daemonkit.web import SHORTCUTS, Answers, Ready, WebRules, guarded_app, serving
from tests.unit.daemonkit.raw_http import BEFORE_IT_IS_IDLE_S, answer, closed_within, connected

PROXY, FIRST, SECOND, NEWCOMER = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"
RULES = WebRules(
    frozenset({"127.0.0.1", "kiosk.local:8080"}),
    secret=b"s" * 32,
    requests_per_second=0.001,
    burst=40,
    trusted_proxies=(ip_network(f"{PROXY}/32"),),
)
BODY = "给邻居".encode()
HOST = "Host: 127.0.0.1\r\n"


class Site:
    """`/` with a shortcut or without; `taken` counts how often it was taken."""

    def __init__(self, rules: WebRules, *, shortcut: bool, fault: bool = False) -> None:
        self.taken = 0
        self._answers = Answers(rules, "text/html; charset=utf-8")
        self.app = guarded_app(rules)
        self.app.router.add_get("/", self._page)
        self.app.router.add_post("/give", self._page)
        if shortcut:
            self.app[SHORTCUTS].add("/", self._broken if fault else self._ready)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return self._answers.answer(request, BODY)

    def _ready(self, _: web.Request) -> Ready:
        self.taken += 1
        return self._answers.ready(BODY)

    def _broken(self, _: web.Request) -> Ready:
        raise ValueError("Zx7-canary")


@asynccontextmanager
async def running(
    rules: WebRules = RULES, *, shortcut: bool = True, fault: bool = False
) -> AsyncIterator[tuple[Site, str]]:
    site = Site(rules, shortcut=shortcut, fault=fault)
    async with serving(site.app, "127.0.0.1", 0) as url:
        yield site, url


def dateless(octets: bytes) -> bytes:
    return re.sub(rb"\r\nDate: [^\r]*", b"", octets)


LAST = f"GET /absent HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"
"""Asked on the same connection, so that the server closes it."""
ASKED = {
    f"GET / HTTP/1.1\r\n{HOST}\r\n": True,
    "GET / HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n": True,
    "GET / HTTP/1.1\r\nhost: KIOSK.local:8080\r\n\r\n": True,
    f"GET / HTTP/1.1\r\n{HOST}If-None-Match: *\r\nIf-Modified-Since: Wed, 25 Nov 2099 10:00:00 GMT\r\n\r\n": True,
    f"GET / HTTP/1.1\r\n{HOST}Range: bytes=0-1\r\nAccept-Encoding: gzip\r\nAccept: image/png\r\n\r\n": True,
    f"GET / HTTP/1.1\r\n{HOST}Content-Length: 3\r\n\r\nabc": True,
    f"GET / HTTP/1.1\r\n{HOST}Sec-Fetch-Site: cross-site\r\nOrigin: https://evil.example\r\n\r\n": True,
    "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n": False,
    "GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n": False,
    "GET / HTTP/1.1\r\nHost: 127.0.0.1:80:80\r\n\r\n": False,
    "GET / HTTP/1.1\r\nHost: kiosk.local\r\n\r\n": False,
    "GET / HTTP/1.1\r\nHost: \r\n\r\n": False,
    f"GET / HTTP/1.1\r\n{HOST}{HOST}\r\n": False,
    "GET / HTTP/1.1\r\n\r\n": False,
    f"GET http://127.0.0.1/ HTTP/1.1\r\n{HOST}\r\n": False,
    f"GET http://evil.example/ HTTP/1.1\r\n{HOST}\r\n": False,
    f"GET /? HTTP/1.1\r\n{HOST}\r\n": False,
    f"GET /?a=1 HTTP/1.1\r\n{HOST}\r\n": False,
    f"GET /#a HTTP/1.1\r\n{HOST}\r\n": False,
    f"GET // HTTP/1.1\r\n{HOST}\r\n": False,
    f"GET /%2f HTTP/1.1\r\n{HOST}\r\n": False,
    f"GET /. HTTP/1.1\r\n{HOST}\r\n": False,
    f"HEAD / HTTP/1.1\r\n{HOST}\r\n": False,
    f"POST / HTTP/1.1\r\n{HOST}Content-Length: 0\r\n\r\n": False,
    f"PUT / HTTP/1.1\r\n{HOST}Content-Length: 0\r\n\r\n": False,
    f"OPTIONS * HTTP/1.1\r\n{HOST}\r\n": False,
    f"GET / HTTP/1.1\r\n{HOST}Expect: 100-continue\r\n\r\n": False,
    f"GET / HTTP/1.1\r\n{HOST}Expect: a miracle\r\n\r\n": False,
    f"GET / HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n": False,
    f"GET / HTTP/1.0\r\n{HOST}\r\n": False,
    f"GET / HTTP/1.0\r\n{HOST}Connection: keep-alive\r\n\r\n": False,
    f"GET / HTTP/2.0\r\n{HOST}\r\n": False,
}
"""Each request, and whether it goes by the shortcut."""


@pytest.mark.parametrize("request_text", ASKED)
async def test_every_request_is_answered_as_without_a_shortcut(request_text: str) -> None:
    octets = (request_text + LAST).encode()
    async with running(shortcut=True) as (short, url), running(shortcut=False) as (_, other):
        got = dateless(await answer(url, octets))
        assert got == dateless(await answer(other, octets))
        assert short.taken == ASKED[request_text]
    assert got.count(b"X-Content-Type-Options: nosniff") == len(re.findall(rb"HTTP/1\.[01] [2-5]", got)) > 0
    if ASKED[request_text]:
        assert got.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_many_on_one_connection_are_answered_in_their_order() -> None:
    plain = f"GET / HTTP/1.1\r\n{HOST}\r\n"
    foreign = "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    absent = f"GET /absent HTTP/1.1\r\n{HOST}\r\n"
    async with running() as (site, url):
        got = await answer(url, "".join((plain, plain, foreign, plain, absent, plain, LAST)).encode())
        assert re.findall(rb"HTTP/1.1 (\d+)", got) == [b"200", b"200", b"421", b"200", b"404", b"200", b"404"]
        assert site.taken == got.count(BODY) == 4
        async with connected(url) as (reader, writer):
            for _ in range(5):
                writer.write(plain.encode())
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200 OK\r\n")
                assert b"Connection: close" not in head
                assert await reader.readexactly(len(BODY)) == BODY
        assert site.taken == 9


async def statuses(
    url: str, *paths: str, local: str = "127.0.0.1", host: str = "127.0.0.1", headers: str = ""
) -> list[int]:
    """Of requests one after the other on one connection."""
    found = []
    async with connected(url, local=local) as (reader, writer):
        for path in paths:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))  # type: ignore[index]  # is told
            found.append(int(head.split()[1]))
            assert (b"Retry-After: " in head) == (found[-1] == 429)
    return found


async def test_both_ways_take_from_one_bucket_and_a_refused_request_takes_nothing_twice() -> None:
    async with running(replace(RULES, burst=5)) as (site, url):
        assert await statuses(url, "/", "/?a", "/", "/absent", "/", "/", "/?a") == [200, 200, 200, 404, 200, 429, 429]
        assert site.taken == 3
        assert await statuses(url, "/", local=FIRST) == [200], "another peer has its own"


async def test_a_foreign_host_takes_nothing_from_the_bucket() -> None:
    async with running(replace(RULES, burst=1)) as (_, url):
        assert await statuses(url, "/", "/?a", "/", host="evil.example") == [421] * 3
        assert await statuses(url, "/", "/") == [200, 429]


async def test_behind_a_proxy_each_client_has_its_own_bucket_by_a_shortcut_too() -> None:
    async with running(replace(RULES, burst=2)) as (_, url):
        for name in ("203.0.113.7", "203.0.113.8"):
            told = f"X-Forwarded-For: {name}\r\n"
            assert await statuses(url, "/", "/", "/", local=PROXY, headers=told) == [200, 200, 429]
        forged = [await statuses(url, "/", local=FIRST, headers=f"X-Forwarded-For: {n}\r\n") for n in range(3)]
        assert forged == [[200], [200], [429]]


async def test_a_path_that_is_exempt_is_never_limited() -> None:
    async with running(replace(RULES, burst=1, exempt=("/",))) as (site, url):
        assert await statuses(url, *["/"] * 5) == [200] * 5
        assert site.taken == 5


async def test_a_fault_is_logged_and_the_ordinary_way_answers(capfd: pytest.CaptureFixture[str]) -> None:
    async with running(fault=True) as (_, url):
        assert await statuses(url, "/", "/") == [200, 200]
    told = "".join(capfd.readouterr())
    assert told.count("shortcut.failed") == 2
    assert "Zx7-canary" in told


async def test_who_asked_by_a_shortcut_has_been_idle_for_less_long_than_who_asked_nothing() -> None:
    async with (
        running(replace(RULES, total_connections=2)) as (_, url),
        connected(url, local=FIRST) as (reader, writer),
        connected(url, local=SECOND) as (silent, _),
    ):
        writer.write(f"GET / HTTP/1.1\r\n{HOST}\r\n".encode())
        await reader.readuntil(BODY)
        assert await statuses(url, "/", local=NEWCOMER) == [200]
        await closed_within(silent, BEFORE_IT_IS_IDLE_S)
        writer.write(f"GET / HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode())
        assert (await closed_within(reader, BEFORE_IT_IS_IDLE_S)).endswith(BODY)
