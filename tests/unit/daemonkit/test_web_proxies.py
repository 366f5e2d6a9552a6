"""Test the client's identity behind a proxy: only trusted proxies are believed."""

from ipaddress import ip_network

import pytest
from aiohttp import web

from daemonkit.web import WebRules, guarded_app, identify_client, serving
from tests.unit.daemonkit.raw_http import answer

HOST = b"Host: 127.0.0.1\r\n"
PROXY = "127.0.0.2"
STRANGER = "127.0.0.9"


def site(*, burst: int = 100) -> web.Application:
    rules = WebRules(
        frozenset({"127.0.0.1"}),
        b"only for tests",
        requests_per_second=0.01,
        burst=burst,
        trusted_proxies=(ip_network(f"{PROXY}/32"), ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")),
    )

    async def who(request: web.Request) -> web.Response:
        return web.Response(text=identify_client(request))

    app = guarded_app(rules)
    app.router.add_get("/", who)
    return app


async def ask(url: str, local: str, *forwarded: str) -> bytes:
    headers = "".join(f"X-Forwarded-For: {line}\r\n" for line in forwarded).encode()
    return await answer(url, b"GET / HTTP/1.1\r\n" + HOST + headers + b"Connection: close\r\n\r\n", local=local)


@pytest.mark.parametrize(
    ("local", "forwarded", "client"),
    [
        (PROXY, (), PROXY),
        (PROXY, ("203.0.113.7",), "203.0.113.7"),
        (PROXY, ("192.0.2.1, 203.0.113.7",), "203.0.113.7"),  # the left one was written by the client
        (PROXY, ("192.0.2.1", "203.0.113.7"), "203.0.113.7"),  # two headers are one list
        (PROXY, ("203.0.113.7, 10.1.2.3",), "203.0.113.7"),  # a second proxy of ours
        (PROXY, ("203.0.113.7, ::ffff:10.1.2.3",), "203.0.113.7"),
        (PROXY, ("10.1.2.3",), "10.1.2.3"),  # nobody beyond it is named
        (PROXY, ("203.0.113.7, nonsense, 10.1.2.3",), "10.1.2.3"),
        (PROXY, ("nonsense",), PROXY),
        (PROXY, ("",), PROXY),
        (PROXY, ("203.0.113.7,",), PROXY),
        (PROXY, ("2001:db9:1:2:3:4:5:6",), "2001:0db9:0001:0002"),
        (PROXY, ("2001:db9::7, 2001:db8::1",), "2001:0db9:0000:0000"),
        (STRANGER, (), STRANGER),
        (STRANGER, ("203.0.113.7",), STRANGER),
        (STRANGER, ("10.1.2.3",), STRANGER),
        (STRANGER, (PROXY,), STRANGER),
    ],
)
async def test_only_trusted_proxies_name_the_client(local: str, forwarded: tuple[str, ...], client: str) -> None:
    async with serving(site(), "127.0.0.1", 0) as url:
        assert (await ask(url, local, *forwarded)).endswith(f"\r\n\r\n{client}".encode())


async def test_behind_a_proxy_each_client_has_a_bucket_of_its_own() -> None:
    async with serving(site(burst=2), "127.0.0.1", 0) as url:
        for name in ("203.0.113.7", "203.0.113.8"):
            statuses = [(await ask(url, PROXY, name)).split()[1] for _ in range(3)]
            assert statuses == [b"200", b"200", b"429"]


async def test_a_forged_header_gives_no_further_bucket() -> None:
    async with serving(site(burst=2), "127.0.0.1", 0) as url:
        statuses = [(await ask(url, STRANGER, f"203.0.113.{number}")).split()[1] for number in range(3)]
        assert statuses == [b"200", b"200", b"429"]
        statuses = [(await ask(url, PROXY, f"192.0.2.{number}, 203.0.113.7")).split()[1] for number in range(3)]
        assert statuses == [b"200", b"200", b"429"]
