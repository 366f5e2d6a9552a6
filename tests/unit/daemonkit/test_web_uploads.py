"""Test forms with files: complete, limited, with the session's token, unique names."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from hypothesis import given
from hypothesis import strategies as st

from daemonkit.web import Upload, WebRules, csrf_token, guarded_app, read_upload, serving
from daemonkit.web.uploads import split_parts

RULES = WebRules(frozenset({"127.0.0.1"}), secret=b"s" * 32, body_limit=1000, burst=10_000)
TOKEN = csrf_token(RULES, "session-1")


@pytest.fixture
async def url() -> AsyncIterator[str]:
    app = guarded_app(RULES)

    async def upload(request: web.Request) -> web.Response:
        fields, files = await read_upload(request, RULES, "session-1", limit=20_000)
        result = {name: value for name, value in fields.items() if name != "csrf"}
        return web.json_response([result, {name: [file.name, file.content.hex()] for name, file in files.items()}])

    app.router.add_post("/upload", upload)
    async with serving(app, "127.0.0.1", 0) as address:
        yield f"{address}/upload"


def part(name: str, content: bytes, file: str | None = None) -> bytes:
    named = f'; filename="{file}"' if file is not None else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content + b"\r\n"


END = b"--b--\r\n"
CSRF = part("csrf", TOKEN.encode())


async def posted(url: str, body: bytes, kind: str = "multipart/form-data; boundary=b") -> tuple[int, object]:
    async with (
        ClientSession() as client,
        client.post(url, data=body, headers={"Content-Type": kind}) as answer,
    ):
        return answer.status, await answer.json() if answer.status == 200 else None


async def test_fields_and_files_come_as_they_were_sent(url: str) -> None:
    content = b"\r\n--a\r\n\0\xff"
    body = (
        CSRF
        + part("label", "东门\r\n墙".encode())
        + part("file", content, "C:\\x\\夏.csv")
        + part("none", b"", "")
        + END
    )
    assert await posted(url, body) == (200, [{"label": "东门\r\n墙"}, {"file": ["夏.csv", content.hex()]}])
    assert (await posted(url, CSRF + END))[1] == [{}, {}]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(part("a", b"1") + END, 403, id="no token"),
        pytest.param(part("csrf", b"0" * 64) + END, 403, id="another's token"),
        pytest.param(CSRF + part("a", b"1") + part("a", b"2") + END, 400, id="twice"),
        pytest.param(CSRF + part("a", b"1"), 400, id="cut off"),
        pytest.param(CSRF + part("a", b"\xff") + END, 400, id="not UTF-8"),
        pytest.param(b"".join((CSRF, *(part(f"f{n}", b"") for n in range(256)), END)), 400, id="too many"),
        pytest.param(CSRF + b"--b\r\n\r\nx\r\n" + END, 400, id="no name"),
        pytest.param(CSRF + b"--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n" + END, 400, id="no form-data"),
        pytest.param(b"", 400, id="nothing"),
        pytest.param(CSRF + part("a", b"x" * 20_000) + END, 413, id="too large"),
    ],
)
async def test_an_incomplete_or_foreign_form_is_refused(url: str, body: bytes, status: int) -> None:
    assert (await posted(url, body))[0] == status


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("multipart/form-data", 400),
        ('multipart/form-data; boundary=""', 400),
        (f"multipart/form-data; boundary={'b' * 71}", 400),
        ("text/plain", 415),
    ],
)
async def test_a_form_needs_a_valid_boundary(url: str, kind: str, status: int) -> None:
    assert (await posted(url, CSRF + END, kind))[0] == status


def test_a_file_name_has_its_last_ending() -> None:
    names = ("a.PDF", "a.pdf.exe", "a", ".pdf", "", "a.", "照片.jpeg")
    assert [Upload(name, b"").ending for name in names] == ["pdf", "exe", "", "", "", "", "jpeg"]


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(content: bytes) -> None:
    try:
        found = split_parts(content, b"b")
    except web.HTTPBadRequest:
        return
    assert all(isinstance(content, bytes) for _, content in found)
