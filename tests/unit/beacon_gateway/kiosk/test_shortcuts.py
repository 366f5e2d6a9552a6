"""The first page and the state come by a shortcut; they are the ones that the ordinary way gives, and as new."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from beacon_gateway.kiosk.responder import COOKIE
from daemonkit.web import SHORTCUTS
from kiosk_ui.display_preferences import TextSize, Theme
from sync_contract.strict_model import Language
from tests.browser.fake_giving import FakeKiosk
from tests.browser.projects import LUNCH, PROJECTS
from tests.unit.beacon_gateway.kiosk.resident import Resident
from tests.unit.daemonkit.raw_http import connected

PATHS = ("/", "/api/v1/scene")
ORDINARY = "Connection: close\r\n"
"""A last request is never answered by a shortcut."""


@dataclass(frozen=True)
class Told:
    head: tuple[str, ...]
    body: str

    @property
    def cookie(self) -> str:
        return next((line for line in self.head if line.startswith("Set-Cookie: ")), "")

    def of_nobody(self) -> "Told":
        """Without what is another at each time: ids, tokens and the date; in any order."""
        head = (re.sub(r"[0-9a-f]{32,}", "", line) for line in self.head[1:])
        kept = sorted(line for line in head if not line.startswith(("Date: ", "Connection: ")))
        return Told((self.head[0], *kept), re.sub(r"[0-9a-f]{64}", "", self.body))


async def ask(url: str, path: str, *, headers: str = "", method: str = "GET", host: str = "127.0.0.1") -> Told:
    async with connected(url) as (reader, writer):
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        length = next(line.partition(": ")[2] for line in head if line.startswith("Content-Length: "))
        return Told(tuple(head), "" if method == "HEAD" else (await reader.readexactly(int(length))).decode())


def cookie_of(resident: Resident) -> str:
    return "".join(f"Cookie: {each.key}={each.value}\r\n" for each in resident.http.cookie_jar if each.key == COOKIE)


def test_each_has_a_route_too(kiosk: FakeKiosk) -> None:
    routes = {(route.method, route.resource.canonical) for route in kiosk.app.router.routes() if route.resource}
    assert kiosk.app[SHORTCUTS].paths == set(PATHS)
    assert routes >= {(method, path) for method in ("GET", "HEAD") for path in PATHS}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("brought", [None, LUNCH.id])
async def test_in_every_language_and_look_both_ways_answer_the_same(
    resident: Resident, kiosk: FakeKiosk, path: str, brought: str | None
) -> None:
    kiosk.card_brings(brought)
    bodies = set()
    for language in Language:
        for text in TextSize:
            for theme in Theme:
                for aloud in ("yes", "no"):
                    await resident.get("/comfort")
                    await resident.post("/comfort", language=language, back="/comfort")
                    await resident.post("/comfort", text=text, theme=theme, aloud=aloud, back="/comfort")
                    cookie = cookie_of(resident)
                    first, again = (
                        await ask(resident.url, path, headers=cookie),
                        await ask(resident.url, path, headers=cookie),
                    )
                    ordinary = await ask(resident.url, path, headers=cookie + ORDINARY)
                    assert first.of_nobody() == again.of_nobody() == ordinary.of_nobody()
                    assert first.body == again.body == ordinary.body, "the session's own token, too"
                    assert not first.cookie
                    bodies.add(first.body)
    assert len(bodies) == (len(Language) * len(TextSize) * len(Theme) * 2 if path == "/" else 1)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        "",
        f"Cookie: {COOKIE}=\r\n",
        f"Cookie: {COOKIE}={'0' * 32}\r\n",
        "Cookie: a=b; c=\r\n",
        "Accept-Language: en\r\n",
    ],
)
async def test_a_stranger_gets_a_session_on_both_ways(resident: Resident, path: str, headers: str) -> None:
    told = [await ask(resident.url, path, headers=headers + more) for more in ("", "", ORDINARY)]
    assert told[0].of_nobody() == told[1].of_nobody() == told[2].of_nobody()
    assert len({each.cookie for each in told}) == (3 if path == "/" else 1)
    assert all(bool(each.cookie) == (path == "/") for each in told)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("method", "host", "status"),
    [
        ("GET", "evil.example", 421),
        ("GET", "127.0.0.1.evil.example", 421),
        ("HEAD", "127.0.0.1", 200),
        ("POST", "127.0.0.1", 405),
        ("PUT", "127.0.0.1", 405),
    ],
)
async def test_what_is_no_plain_request_is_refused_as_everywhere(
    resident: Resident, path: str, method: str, host: str, status: int
) -> None:
    told = await ask(resident.url, path, method=method, host=host, headers="Content-Length: 0\r\n")
    assert told.head[0].split()[1] == str(status)
    assert {"X-Content-Type-Options: nosniff", "Cache-Control: no-store"} <= set(told.head)


async def test_a_session_that_a_shortcut_opened_is_one_everywhere(resident: Resident) -> None:
    await resident.get("/")
    await resident.post("/comfort", theme="dark", back="/")
    assert 'class="text-usual theme-dark"' in await resident.get("/")
    token = resident.hidden("csrf")
    await resident.get("/help")
    assert resident.hidden("csrf") == token
    await resident.post("/next")
    assert 'class="text-usual theme-light"' in resident.html
    assert resident.hidden("csrf") != token


async def test_the_first_page_offers_a_gift_only_while_the_permit_holds(resident: Resident, kiosk: FakeKiosk) -> None:
    button = f"/project/{LUNCH.id}/amount"
    kiosk.card_brings(LUNCH.id)
    assert LUNCH.permit is not None
    late = datetime(LUNCH.permit.closes.year + 1, 1, 1, tzinfo=UTC)
    for at in (datetime(2026, 11, 24, tzinfo=UTC), late, datetime(2026, 11, 24, tzinfo=UTC), None):
        kiosk.projects.at = at
        for _ in range(2):
            assert (button in await resident.get("/")) == (at is not None and at != late)


async def test_the_first_page_shows_a_changed_a_new_and_no_lost_project(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.get("/")
    named = LUNCH.title.model_copy(update={"zh_hans": "一个新的名字"})
    for brought in (None, LUNCH.id):
        kiosk.projects.offered = {each.id: each for each in PROJECTS}
        kiosk.card_brings(brought)
        assert LUNCH.title.zh_hans in await resident.get("/")
        kiosk.projects.offered[LUNCH.id] = LUNCH.model_copy(update={"title": named})
        assert "一个新的名字" in await resident.get("/")
        assert LUNCH.title.zh_hans not in resident.html
        del kiosk.projects.offered[LUNCH.id]
        assert "一个新的名字" not in await resident.get("/")
        assert "turned" not in resident.html
