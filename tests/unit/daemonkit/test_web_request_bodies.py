"""Test request bodies: limit, deadline, content type, and no echo of values."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from aiohttp import ClientSession, FormData, web
from pydantic import BaseModel, ConfigDict, Field

from daemonkit.web import WebRules, csrf_token, guarded_app, read_body, read_form, read_json, read_raw_body, serving
from tests.unit.daemonkit.raw_http import BEFORE_IT_IS_IDLE_S, closed_within, connected

RULES = WebRules(frozenset({"127.0.0.1"}), secret=b"s" * 32, body_limit=1000, body_deadline=60, burst=10_000)
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Gift(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    amount: Annotated[int, Field(ge=1)]


@pytest.fixture
async def url() -> AsyncIterator[str]:
    app = guarded_app(RULES)

    async def body(request: web.Request) -> web.Response:
        return web.Response(body=await read_body(request, limit=1000, deadline=60))

    async def hasty(request: web.Request) -> web.Response:
        return web.Response(body=await read_body(request, limit=1000, deadline=0.3))

    async def zipped(request: web.Request) -> web.Response:
        return web.Response(body=await read_body(request, limit=1000, deadline=60, gzip_limit=5000))

    async def wire(request: web.Request) -> web.Response:
        return web.Response(body=await read_raw_body(request, limit=1000, deadline=60))

    async def gift(request: web.Request) -> web.Response:
        return web.Response(text=str((await read_json(request, Gift)).amount))

    async def form(request: web.Request) -> web.Response:
        fields = await read_form(request, RULES, "session-1")
        return web.json_response({name: value for name, value in fields.items() if name != "csrf"})

    for handler in (body, hasty, zipped, wire, gift, form):
        app.router.add_post(f"/{handler.__name__}", handler)
    async with serving(app, "127.0.0.1", 0) as address:
        yield address


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def status(client: ClientSession, url: str, body: bytes, headers: dict[str, str]) -> int:
    async with client.post(url, data=body, headers=headers) as response:
        text = await response.text()
        assert "Zx7" not in text
        if response.status != 200:
            assert response.content_type == "application/problem+json"
            assert json.loads(text)["status"] == response.status
        return response.status


async def test_a_body_up_to_the_limit_is_complete(url: str, client: ClientSession) -> None:
    assert await status(client, url + "/body", b"x" * 1000, {}) == 200
    assert await status(client, url + "/body", b"x" * 1001, {}) == 413


async def test_a_body_of_unknown_length_is_refused_at_the_limit(url: str, client: ClientSession) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 500

    async with client.post(url + "/body", data=endless()) as response:
        assert response.status == 413


@pytest.mark.parametrize("drip", [b"", b"x"])
async def test_a_body_that_does_not_arrive_in_time_is_given_up(url: str, drip: bytes) -> None:
    async with connected(url) as (reader, writer):
        writer.write(b"POST /hasty HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\n")

        async def send() -> None:
            while True:
                writer.write(drip)
                await asyncio.sleep(0.02)

        sending = asyncio.create_task(send())
        async with asyncio.timeout(60):
            assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        await closed_within(reader, BEFORE_IT_IS_IDLE_S)
        sending.cancel()


async def test_a_broken_chunk_is_given_up(url: str) -> None:
    async with connected(url) as (reader, writer):
        writer.write(b"POST /hasty HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"zz\r\n")
        assert (await closed_within(reader, BEFORE_IT_IS_IDLE_S)).startswith(b"HTTP/1.1 40")


async def test_compressed_bodies_are_refused_unless_the_handler_takes_them(url: str, client: ClientSession) -> None:
    packed = gzip.compress(b"y" * 5000)
    gzipped = {"Content-Encoding": "gzip"}
    assert await status(client, url + "/body", packed, gzipped) == 415
    assert await status(client, url + "/zipped", packed, gzipped) == 200
    assert await status(client, url + "/zipped", b"plain", {}) == 200
    assert await status(client, url + "/zipped", gzip.compress(b"y" * 5001), gzipped) == 413
    assert await status(client, url + "/zipped", gzip.compress(b"\0" * 500_000), gzipped) == 413
    assert await status(client, url + "/zipped", b"not gzip", gzipped) == 400
    assert await status(client, url + "/zipped", packed[:-4], gzipped) == 400
    assert await status(client, url + "/zipped", packed + packed, gzipped) == 400
    assert await status(client, url + "/zipped", packed, {"Content-Encoding": "gzip, gzip"}) == 415
    assert await status(client, url + "/zipped", packed, {"Content-Encoding": "br"}) == 415
    async with client.post(url + "/wire", data=packed, headers=gzipped) as response:
        assert await response.read() == packed


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b'{"amount": 5}', JSON, 200),
        (b'{"amount": 5}', {"Content-Type": "application/json; charset=UTF-8"}, 200),
        (b'{"amount": 5}', {"Content-Type": "text/plain"}, 415),
        (b'{"amount": 5}', {"Content-Type": "application/json; charset=gbk"}, 415),
        (b'{"amount": 5}', {"Content-Type": "application/jsonp"}, 415),
        (b'{"amount": 5}', JSON | {"Content-Encoding": "deflate"}, 415),
        (b'{"amount": "Zx7"}', JSON, 400),
        (b'{"amount": 5.0}', JSON, 400),
        (b'{"amount": true}', JSON, 400),
        (b'{"amount": 0}', JSON, 400),
        (b'{"amount": 5, "more": 1}', JSON, 400),
        (b'{"amount": 5, "amount": 6}', JSON, 400),
        (b'{"amount": NaN}', JSON, 400),
        (b"[" * 900, JSON, 400),
        (b'{"amount": ' + b"9" * 900 + b"}", JSON, 200),
        (b"", JSON, 400),
        (b'{"amount": 5}' + b" " * 1000, JSON, 413),
    ],
)
async def test_json_is_read_strictly(
    url: str, client: ClientSession, body: bytes, headers: dict[str, str], expected: int
) -> None:
    assert await status(client, url + "/gift", body, headers) == expected


async def test_a_record_that_does_not_fit_names_the_place(url: str, client: ClientSession) -> None:
    async with client.post(url + "/gift", json={"amount": "Zx7"}) as response:
        assert (await response.json())["errors"] == [{"at": "amount", "reason": "Input should be a valid integer"}]


def signed(**fields: str) -> FormData:
    return FormData({"csrf": csrf_token(RULES, "session-1")} | fields)


async def test_a_form_of_this_session_is_read(url: str, client: ClientSession) -> None:
    async with client.post(url + "/form", data=signed(word="爱心 & more", empty="")) as response:
        assert await response.json() == {"word": "爱心 & more", "empty": ""}


async def test_the_token_belongs_to_one_session_and_one_secret() -> None:
    others = {csrf_token(RULES, "session-2"), csrf_token(WebRules(RULES.allowed_hosts, b"t" * 32), "session-1")}
    assert csrf_token(RULES, "session-1") not in others
    assert csrf_token(RULES, "session-1") == csrf_token(RULES, "session-1")


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ("csrf={token}&a=1", FORM, 200),
        ("a=1", FORM, 403),
        ("", FORM, 403),
        ("csrf={token}x&a=1", FORM, 403),
        ("csrf=%E7%88%B1&a=1", FORM, 403),
        ("csrf={token}&a=1&a=2", FORM, 400),
        ("csrf={token}&a=1&csrf={token}", FORM, 400),
        ("csrf={token}&a=%FF", FORM, 400),
        ("csrf={token}&a", FORM, 400),
        ("csrf={token}&a=爱", FORM, 400),
        ("csrf={token}" + "".join(f"&f{n}=1" for n in range(80)), FORM, 400),
        ("csrf={token}&a=1", {"Content-Type": "text/plain"}, 415),
        ("csrf={token}&a=1", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ("csrf={token}&a=" + "1" * 1000, FORM, 413),
    ],
)
async def test_forms_are_read_strictly(
    url: str, client: ClientSession, body: str, headers: dict[str, str], expected: int
) -> None:
    filled = body.replace("{token}", csrf_token(RULES, "session-1")).encode()
    assert await status(client, url + "/form", filled, headers) == expected
