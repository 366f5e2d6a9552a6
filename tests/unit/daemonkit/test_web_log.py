"""Test the log of refused requests: event, route pattern and client, never the path."""

from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs
from structlog.typing import EventDict

from beacon_gateway.settings import Settings
from beacon_gateway.settings_mapping import web_rules
from daemonkit.toml import load
from daemonkit.web import RULES, WebRules, guarded_app, read_form, read_json, serving
from sync_contract.strict_model import Record
from tests.paths import ROOT
from tests.unit.daemonkit.raw_http import answer

GATEWAY = ROOT / "config/gateway.toml"
SECRET = "Zx7-opens-a-gift"
FROM = {"X-Forwarded-For": "203.0.113.9"}


class Asked(Record):
    word: str


async def form(request: web.Request) -> web.Response:
    await read_form(request, request.config_dict[RULES], "somebody")
    return web.Response()


async def json(request: web.Request) -> web.Response:
    await read_json(request, Asked)
    return web.Response()


async def broken(request: web.Request) -> web.Response:
    raise ValueError("a bug")


async def unproved(request: web.Request) -> web.Response:
    return web.Response(status=401)


@pytest.fixture
async def url() -> AsyncIterator[str]:
    rules = WebRules(
        frozenset({"127.0.0.1"}),
        secret=bytes(32),
        requests_per_second=0.001,
        burst=3,
        trusted_proxies=(ip_network("127.0.0.1/32"),),
    )
    app = guarded_app(rules)
    for path, handler in {"/form": form, "/json": json}.items():
        app.router.add_post(f"{path}/{{nonce}}", handler)
    app.router.add_get("/broken/{nonce}", broken)
    app.router.add_get("/unproved/{nonce}", unproved)
    async with serving(app, "127.0.0.1", 0) as address:
        yield address


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession(headers=FROM) as session:
        yield session


def only_entry(logs: list[EventDict]) -> tuple[str, str, str]:
    (line,) = logs
    assert SECRET not in repr(line)
    return str(line["event"]), str(line["route"]), str(line.get("client", ""))


@pytest.mark.parametrize(
    ("method", "path", "headers", "event"),
    [
        ("POST", "/form", {"Content-Type": "application/x-www-form-urlencoded"}, "request.forbidden"),
        ("POST", "/form", {"Sec-Fetch-Site": "cross-site"}, "request.forbidden"),
        ("POST", "/form", {}, "request.unsupported_type"),
        ("POST", "/json", {"Content-Type": "application/json"}, "request.invalid"),
        ("GET", "/unproved", {}, "request.unauthenticated"),
    ],
)
async def test_a_refused_request_is_logged(
    url: str, client: ClientSession, method: str, path: str, headers: dict[str, str], event: str
) -> None:
    with capture_logs() as logs:
        async with client.request(method, f"{url}{path}/{SECRET}", data=b"", headers=headers) as response:
            assert response.status >= 400
    assert only_entry(logs) == (event, f"{path}/{{nonce}}", "203.0.113.9")


@pytest.mark.parametrize(("path", "named"), [("/form", False), ("/staff/form", True)])
async def test_outside_named_paths_only_a_flood_logs_the_address(client: ClientSession, path: str, named: bool) -> None:
    rules = WebRules(frozenset({"127.0.0.1"}), bytes(32), requests_per_second=0.001, burst=1, named=("/staff",))
    app = guarded_app(rules)
    for each in ("/form", "/staff/form"):
        app.router.add_post(each, form)
    with capture_logs() as logs:
        async with serving(app, "127.0.0.1", 0) as url:
            for _ in range(2):
                async with client.post(url + path, data={"csrf": "old"}):
                    pass
    assert [(line["event"], "client" in line) for line in logs] == [
        ("request.forbidden", named),
        ("request.too_many", True),
    ]


async def test_requests_of_the_residents_screen_are_not_logged(client: ClientSession) -> None:
    """When somebody stood there would stand in the journal (docs/privacy.md)."""
    rules = web_rules(load(GATEWAY, Settings), b"only for tests")
    app = guarded_app(rules)
    app.router.add_post("/form", form)
    with capture_logs() as logs:
        async with serving(app, "127.0.0.1", 0) as url, client.post(f"{url}/form", data={"csrf": "old"}) as response:
            assert response.status == 403
    assert logs == []


async def test_a_foreign_host_name_is_logged(url: str) -> None:
    with capture_logs() as logs:
        await answer(url, f"GET /{SECRET} HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n".encode())
    assert only_entry(logs) == ("request.misdirected", "", "127.0.0.1")


async def test_too_many_requests_are_logged(url: str, client: ClientSession) -> None:
    with capture_logs() as logs:
        for _ in range(4):
            async with client.get(f"{url}/absent/{SECRET}"):
                pass
    assert only_entry(logs) == ("request.too_many", "", "203.0.113.9"), "what is not there, nobody guards"


async def test_a_bug_is_logged_with_its_route_pattern_only(url: str, client: ClientSession) -> None:
    with capture_logs() as logs:
        async with client.get(f"{url}/broken/{SECRET}") as response:
            assert response.status == 500
    assert only_entry(logs)[:2] == ("request.failed", "/broken/{nonce}")
