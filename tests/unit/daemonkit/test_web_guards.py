"""Test the checks of every request and the headers of every response."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler

from daemonkit.web import WebRules, guarded_app, problem, serving
from tests.unit.daemonkit.raw_http import answer

RULES = WebRules(
    frozenset({"127.0.0.1", "kiosk.local:8080", "[::1]"}),
    secret=b"s" * 32,
    form_targets=("https://give.example",),
    requests_per_second=0.001,
    burst=40,
)


def error_page(request: web.Request, status: int) -> web.Response:
    return web.Response(text=f"<p>sorry: {status}</p>", content_type="text/html")


def site(rules: WebRules, *, pages: bool) -> web.Application:
    app = guarded_app(rules, error_page=error_page if pages else None)

    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def broken(request: web.Request) -> web.Response:
        raise ValueError("Zx7-canary")

    async def nothing(request: web.Request) -> web.Response:
        return None  # type: ignore[return-value]  # a handler that forgets to answer

    async def cached(request: web.Request) -> web.Response:
        return web.Response(text="x", headers={"Cache-Control": "max-age=60"})

    async def elsewhere(request: web.Request) -> web.Response:
        raise web.HTTPSeeOther("/")

    async def refused(request: web.Request) -> web.Response:
        return problem(409, "Conflict", "as the handler says", known=[1])

    for path, handler in {"/": hello, "/broken": broken, "/nothing": nothing, "/kept": cached}.items():
        app.router.add_get(path, handler)
    app.router.add_get("/api/broken", broken)
    app.router.add_get("/api/refused", refused)
    app.router.add_get("/static/a", hello)
    app.router.add_get("/elsewhere", elsewhere)
    app.router.add_post("/give", hello)
    return app


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with serving(site(RULES, pages=True), "127.0.0.1", 0) as address:
        yield address


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:9", 200),
        ("KIOSK.local:8080", 200),
        ("[::1]:80", 200),
        ("kiosk.local", 421),
        ("kiosk.local:8081", 421),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("127.0.0.1:80:80", 421),
        ("127.0.0.1:http", 421),
        ("", 421),
    ],
)
async def test_only_our_own_host_names_are_answered(url: str, host: str, status: int) -> None:
    got = await answer(url, f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert got.startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", 421),
        ("GET / HTTP/1.0\r\n\r\n", 421),
        ("GET / HTTP/2.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", 400),
        ("GET /\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
        ("FOO / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
        ("\x16\x03\x01\x02\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nevil B: c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + "x" * 9000 + "\r\n\r\n", 400),
        ("POST /give HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("CONNECT a:1 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", 405),
        ("OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", 405),
    ],
)
async def test_malformed_requests_are_refused_and_reveal_nothing(
    url: str, request_text: str, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    head, _, body = (await answer(url, request_text.encode("latin-1"))).partition(b"\r\n\r\n")
    assert f" {status} ".encode() in head.splitlines()[0]
    assert b"nosniff" in head
    assert b"Content-Security-Policy: default-src 'none'" in head
    assert b"aiohttp" not in head + body
    assert b"evil" not in body
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", "/absent", "/api/absent"])
async def test_other_methods_are_refused(url: str, client: ClientSession, method: str, path: str) -> None:
    async with client.request(method, url + path) as response:
        assert response.status == 405
        assert response.headers["Allow"] == ("GET,HEAD" if path == "/" else "GET,HEAD,POST")


async def test_a_method_that_the_page_lacks_names_those_it_has(url: str, client: ClientSession) -> None:
    async with client.post(url + "/") as response:
        assert response.status == 405
        assert set(response.headers["Allow"].split(",")) == {"GET", "HEAD"}


@pytest.mark.parametrize("path", ["/", "/absent", "/broken", "/nothing", "/api/absent", "/api/broken", "/elsewhere"])
async def test_every_response_carries_the_security_headers(url: str, client: ClientSession, path: str) -> None:
    async with client.get(url + path, allow_redirects=False) as response:
        headers = response.headers
        policy = dict(rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["form-action"] == "'self' https://give.example"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Server" not in headers
        assert "Strict-Transport-Security" not in headers, "said over http, where it means nothing"


async def test_behind_https_every_response_forbids_http_for_two_years(client: ClientSession) -> None:
    async with serving(site(replace(RULES, https=True), pages=True), "127.0.0.1", 0) as url:
        for path in ("/", "/absent", "/broken", "/elsewhere", "/api/absent"):
            async with client.get(url + path, allow_redirects=False) as response:
                assert response.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains", path
        assert b"Strict-Transport-Security: max-age=63072000" in await answer(url, b"FOO / HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/style", "text/css; charset=utf-8"),
        ("/picture", "image/svg+xml; charset=utf-8"),
        ("/table", "text/csv; charset=gb18030"),
        ("/file", "application/pdf"),
        ("/api/absent", "application/problem+json; charset=utf-8"),
    ],
)
async def test_a_text_response_names_its_charset(client: ClientSession, path: str, content_type: str) -> None:
    app = site(RULES, pages=True)
    for name, kind in {"/style": "text/css", "/picture": "image/svg+xml", "/file": "application/pdf"}.items():
        app.router.add_get(name, sending(kind))
    app.router.add_get("/table", sending("text/csv; charset=gb18030"))
    async with serving(app, "127.0.0.1", 0) as url, client.get(url + path) as response:
        assert response.headers["Content-Type"] == content_type


def sending(kind: str) -> Handler:
    async def send(request: web.Request) -> web.Response:
        return web.Response(body=b"x", headers={"Content-Type": kind})

    return send


async def test_a_handler_may_choose_its_own_caching(url: str, client: ClientSession) -> None:
    async with client.get(url + "/kept") as response:
        assert response.headers["Cache-Control"] == "max-age=60"


async def test_people_get_a_page_and_programs_a_problem_document(url: str, client: ClientSession) -> None:
    async with client.get(url + "/absent") as response:
        assert (response.status, await response.text()) == (404, "<p>sorry: 404</p>")
    async with client.get(url + "/api/absent") as response:
        assert response.content_type == "application/problem+json"
        assert json.loads(await response.read()) == {"type": "about:blank", "title": "Not Found", "status": 404}
    async with client.get(url + "/api/refused") as response:
        assert json.loads(await response.read())["detail"] == "as the handler says"
    async with client.get(url + "/elsewhere", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/")


async def test_without_pages_everybody_gets_the_document(client: ClientSession) -> None:
    async with serving(site(RULES, pages=False), "127.0.0.1", 0) as url, client.get(url + "/absent") as response:
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("path", ["/broken", "/api/broken"])
async def test_a_bug_is_a_500_in_the_log_but_not_in_the_response(
    url: str, client: ClientSession, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with client.get(url + path) as response:
        assert response.status == 500
        text = await response.text()
    assert "Zx7-canary" not in text
    assert "Traceback" not in text
    assert "request.failed" in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "{url}"}, 200),
        ({"Origin": "null"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "https://{url}"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, 403),
    ],
)
async def test_a_form_sent_from_another_site_is_refused(
    url: str, client: ClientSession, headers: dict[str, str], status: int
) -> None:
    sent = {name: value.format(url=url).replace("https://http", "https") for name, value in headers.items()}
    async with client.post(url + "/give", headers=sent) as response:
        assert response.status == status


JSON = "Content-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("Host: {own}\r\n" + JSON, 200),
        ("Host: 127.0.0.1\r\n" + JSON, 200),
        ("Host: KIOSK.local:8080\r\n" + JSON, 200),
        ("Host: {own}\r\nOrigin: http://{own}\r\nSec-Fetch-Site: same-origin\r\n" + JSON, 200),
        ("Host: 127.0.0.1:9\r\n", 200),
        ("Host: 127.0.0.1:9\r\n" + JSON, 421),
        ("Host: 127.0.0.1:9\r\nContent-Type: application/a+json\r\n", 421),
        ("Host: 127.0.0.1:9\r\nSignature: x=:YQ==:\r\n" + JSON, 200),
        ("Host: {own}\r\nOrigin: null\r\n", 200),
        ("Host: {own}\r\nOrigin: null\r\n" + JSON, 403),
        ("Host: {own}\r\nOrigin: null\r\nSec-Fetch-Site: same-origin\r\n" + JSON, 403),
        ("Host: {own}\r\nOrigin: https://{own}\r\n" + JSON, 403),
        ("Host: {own}\r\nOrigin: https://{own}\r\nSec-Fetch-Site: same-origin\r\n" + JSON, 403),
        ("Host: {own}\r\nOrigin: http://{own}\r\nOrigin: http://evil.example\r\n", 400),
    ],
)
async def test_json_needs_our_port_our_origin_and_our_scheme(url: str, head: str, status: int) -> None:
    lines = head.format(own=url.removeprefix("http://"))
    sent = f"POST /give HTTP/1.1\r\n{lines}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    assert (await answer(url, sent.encode())).startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("give.local", "https://give.local", 200),
        ("give.local", "http://give.local", 403),
        ("{own}", "http://{own}", 200),
    ],
)
async def test_behind_https_the_origin_is_https_except_on_this_machine(host: str, origin: str, status: int) -> None:
    rules = replace(RULES, https=True, allowed_hosts=frozenset({"give.local", "127.0.0.1"}))
    async with serving(site(rules, pages=True), "127.0.0.1", 0) as url:
        own = url.removeprefix("http://")
        head = f"Host: {host.format(own=own)}\r\nOrigin: {origin.format(own=own)}\r\n{JSON}"
        sent = f"POST /give HTTP/1.1\r\n{head}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
        assert (await answer(url, sent.encode())).startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(
    ("doors", "status"),
    [
        ({"/give"}, 200),
        ({"/give/"}, 403),
        ({"/giv"}, 403),
        ({"/"}, 200),
        ({"/other", "/g/"}, 403),
    ],
)
async def test_other_sites_may_post_only_to_open_doors(client: ClientSession, doors: set[str], status: int) -> None:
    rules = replace(RULES, open_doors=frozenset(doors))
    async with (
        serving(site(rules, pages=True), "127.0.0.1", 0) as address,
        client.post(f"{address}/give", headers={"Sec-Fetch-Site": "cross-site"}) as response,
    ):
        assert response.status == status


async def test_too_many_requests_must_wait_except_on_exempt_paths(url: str, client: ClientSession) -> None:
    seen = []
    for _ in range(45):
        async with client.get(url + "/api/refused") as response:
            seen.append(response.status)
    assert seen == [409] * 40 + [429] * 5
    assert int(response.headers["Retry-After"]) > 0
    for path in ("/static/a", "/healthz"):
        async with client.get(url + path) as response:
            assert response.status in (200, 404)
