"""`/site`: told to this device, to the local network behind a PIN of the screen, and to nobody else."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request
from yarl import URL

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.kiosk.app import kiosk_app
from beacon_gateway.kiosk.here import From, asked_from
from beacon_gateway.kiosk.pages import files as files_page
from beacon_gateway.kiosk.pages import site as site_pages
from beacon_gateway.kiosk.pin import GUEST_S, LASTS_S, MOST_GUESTS, TRIES, Guests, Pins
from beacon_gateway.kiosk.reasons import clauses
from beacon_gateway.kiosk.site import Site
from beacon_gateway.kiosk.stage import Stage
from beacon_gateway.model.sync_state import SyncLine, SyncState
from daemonkit.web import WebRules, serving
from kiosk_ui.render import Pages
from kiosk_ui.views import Surface
from sync_contract.strict import Environment
from tests.browser.fake_giving import FakeGiving, FakeProjects
from tests.browser.projects import LUNCH, SITE
from tests.unit.kiosk.conftest import Resident
from tests.unit.kiosk.test_why import CARD, NOW, WALL, walked

AT = datetime(2026, 11, 24, 4, 5, 6, tzinfo=UTC)
STATE = SyncState(
    central="https://give.example.org",
    parcels={"waiting": 7, "refused": 2, "delivered": 900},
    delivered_at=AT,
    reachable=False,
    lines=(SyncLine(AT, "unreachable", "", "name_unknown"), SyncLine(AT, "accepted", "intent", "")),
)
HEALTH = {
    "radio": {"state": "hearing", "adapters": {"hci0": {}, "hci1": {}}, "liveness": {"proof": "proved"}},
    "advert": {"state": "on_air"},
    "stages": {
        "sync": {"state": "waiting", "for_s": 4.2, "restarts": 3, "error": "CentralUnreachable"},
        "presence": {"state": "running", "for_s": 9.0, "restarts": 0, "error": ""},
    },
}


async def synced() -> SyncState:
    return STATE


def made(**changed: object) -> Site:
    follow, why = walked()
    site = Site(
        why=why,
        health=lambda: HEALTH,
        visits=lambda: follow.visits,
        foreign=lambda: 42,
        bindings=lambda: {CARD.id: LUNCH.id, WALL.id: LUNCH.id},
        projects=FakeProjects(),
        sync=synced,
        versions={"beacon-gateway": "1.2.3"},
        lan=True,
        addresses=("http://192.168.1.20:8080/site",),
        clock=lambda: NOW,
    )
    return replace(site, **changed)  # type: ignore[arg-type]  # a field each


class Asking:
    """From where the next requests come."""

    where = From.device


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Asking:
    asking = Asking()
    monkeypatch.setattr(site_pages, asked_from.__name__, lambda _: asking.where)
    return asking


async def served(site: Site | None) -> AsyncIterator[Resident]:
    projects = FakeProjects()
    app = kiosk_app(
        stage=Stage(),
        projects=projects,
        giving=FakeGiving(projects),
        pages=Pages(environment=Environment.drill, site=SITE, surface=Surface.kiosk),
        rules=WebRules(frozenset({"127.0.0.1"}), b"only for tests", requests_per_second=1000, burst=1000),
        health=lambda: {"ok": True},
        site=site,
    )
    jar = aiohttp.CookieJar(unsafe=True)
    async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession(cookie_jar=jar) as http:
        yield Resident(http, url)


@pytest.fixture
async def staff(asking: Asking) -> AsyncIterator[Resident]:
    async for each in served(made()):
        yield each


ALL = ("/site", "/site/live", "/site/why", "/site/trace.json", "/site/trace.svg", "/site/trace.css")


async def pin_of(staff: Resident, asking: Asking) -> str:
    asking.where = From.device
    await staff.get("/site/pin")
    page = await staff.post("/site/pin")
    found = re.search(r"<span>(\d{3})</span> <span>(\d{3})</span>", page)
    assert found, page
    asking.where = From.network
    return found[1] + found[2]


async def test_staff_see_what_is_heard_what_is_shown_and_why(staff: Resident) -> None:
    page = " ".join(re.sub(r"<[^>]+>", " ", await staff.get("/site")).split())
    assert staff.status == 200
    for words in (
        "一张 volunteer 类的卡：就在跟前 （约 0.4 米）",
        "听得到信标 hci0, hci1",
        "有已知的信标证明它听得到。",
        f"corner 1 {WALL.id} 较远 5 秒前",
        "-80 dBm 长者爱心午餐",
        "volunteer (就在跟前) × 1",
        "别人的广播（立即丢弃）：42",
        "连不上服务器，会自动重试",
        "等待发送 7 被拒收或已损坏 2",
        "捐款登记: 已送达",
        "CentralUnreachable · 已重启 3 次",
        "beacon-gateway 1.2.3",
    ):
        assert words in page, f"{words!r} not in {page}"
    assert str(CARD.id) not in page
    assert CARD.label not in page


async def test_why_is_told_with_its_picture_and_in_the_readers_language(staff: Resident) -> None:
    page = await staff.get("/site/why")
    assert "<svg" in page
    assert "<style" not in page
    assert 'href="/site/trace.css"' in page
    assert "volunteer 类的卡" in page
    assert "来了" in page


async def test_a_disk_that_does_not_answer_is_told(asking: Asking) -> None:
    async def broken() -> SyncState:
        raise StoreUnavailable("the disk")

    async for staff in served(made(sync=broken)):
        assert "本机磁盘没有回应" in await staff.get("/site")
        assert staff.status == 200


@pytest.mark.parametrize(
    ("told", "state", "words"),
    [
        (None, "running", "还不知道"),
        (True, "running", "已连上"),
        (False, "running", "连不上服务器"),
        (True, "waiting", "连不上服务器"),
        (None, "waiting", "连不上服务器"),
    ],
)
async def test_nobody_is_called_connected_before_that_was_seen(
    asking: Asking, told: bool | None, state: str, words: str
) -> None:
    async def sync() -> SyncState:
        return replace(STATE, reachable=told, lines=())

    stage = {"state": state, "for_s": 4.2, "restarts": 3, "error": "CentralUnreachable"}
    async for staff in served(made(sync=sync, health=lambda: HEALTH | {"stages": {"report": stage}})):
        page = await staff.get("/site")
        assert [each for each in ("还不知道", "已连上", "连不上服务器") if each in page] == [words]


async def test_the_page_follows_what_happens_without_a_reload(staff: Resident) -> None:
    async with staff.http.get(staff.url + "/site/live") as stream:
        line = await stream.content.readuntil(b"\n\n")
    told = json.loads(re.search(rb"data: (.*)\n", line)[1])  # type: ignore[index]  # or the test ends here
    assert told["view"] == "site"
    assert "就在跟前" in told["html"]


@pytest.mark.parametrize("where", [From.network, From.elsewhere])
async def test_without_a_pin_nobody_outside_is_told_anything(staff: Resident, asking: Asking, where: From) -> None:
    asking.where = where
    for path in (*ALL, "/site/pin"):
        page = await staff.get(path)
        if path == "/site" and where is From.network:
            assert "显示 PIN" in page
        else:
            assert staff.status == 404, path
        for secret in ("volunteer", str(WALL.id), "give.example.org", "192.168.1.20", "1.2.3"):
            assert secret not in page


@pytest.mark.parametrize("lan", [False, None])
async def test_where_it_is_not_opened_to_the_network_there_is_no_door(asking: Asking, lan: bool | None) -> None:
    asking.where = From.network
    async for staff in served(None if lan is None else made(lan=False)):
        await staff.get("/")
        csrf = staff.hidden("csrf")
        for path in (*ALL, "/site/pin"):
            await staff.get(path)
            assert staff.status == 404
        for path in ("/site/enter", "/site/pin", "/site/leave"):
            await staff.post(path, csrf=csrf, pin="000000")
            assert staff.status == 404
        asking.where = From.device
        await staff.get("/site")
        assert staff.status == (404 if lan is None else 200)


async def test_the_pin_of_the_screen_opens_once_and_for_that_device(staff: Resident, asking: Asking) -> None:
    pin = await pin_of(staff, asking)
    await staff.get("/site")
    page = await staff.post("/site/enter", pin=f"{pin[:3]} {pin[3:]}")
    assert (staff.status, staff.path) == (200, "/site")
    assert "退出" in page
    assert "/site/pin" not in page
    for path in ALL[2:]:
        await staff.get(path)
        assert staff.status == 200
    assert "随身卡 tag of class" not in await staff.get("/site/trace.svg"), "samples of people stay on the device"
    cookie = next(each for each in staff.http.cookie_jar if each.key == site_pages.COOKIE)
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/site", True, "Strict")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        other = Resident(http, staff.url)
        await other.get("/site")
        await other.post("/site/enter", pin=pin)
        assert other.status == 403, "a PIN is good for one device"
    await staff.get("/site")
    assert "显示 PIN" in await staff.post("/site/leave")
    await staff.get("/site/why")
    assert staff.status == 404


async def test_five_wrong_tries_make_the_pin_void_and_then_one_waits(staff: Resident, asking: Asking) -> None:
    pin = await pin_of(staff, asking)
    await staff.get("/site")
    for number in range(TRIES):
        page = await staff.post("/site/enter", pin=f"{(int(pin) + number + 1) % 10**6:06}")
        assert (staff.status, "PIN 不对" in page) == (403, True)
    page = await staff.post("/site/enter", pin=pin)
    assert (staff.status, "试得太多了" in page) == (429, True)
    asking.where = From.device
    assert "显示 PIN" in await staff.get("/site/pin"), "it is void"


async def test_a_form_of_another_session_or_site_gets_no_try(staff: Resident, asking: Asking) -> None:
    pin = await pin_of(staff, asking)
    await staff.get("/site")
    await staff.post("/site/enter", csrf="0" * 64, pin=pin)
    assert staff.status == 403
    form = {"csrf": "0" * 64, "pin": pin}
    async with staff.http.post(
        staff.url + "/site/enter", data=form, headers={"Sec-Fetch-Site": "cross-site"}
    ) as answer:
        assert answer.status == 403
    async with staff.http.get(staff.url + "/site", headers={"Host": "evil.example"}) as answer:
        assert answer.status == 421
    asking.where = From.device
    assert pin[:3] in await staff.get("/site/pin"), "it was not spent"


async def test_looking_at_the_pins_page_makes_none(staff: Resident) -> None:
    for _ in range(2):
        assert not re.search(r"<span>\d{3}</span>", await staff.get("/site/pin"))


def test_a_pin_lasts_ten_minutes_and_another_one_takes_its_place() -> None:
    at = 0.0
    pins = Pins(now=lambda: at)
    assert not pins.right("------")
    pins.make()
    first = pins.shown()
    assert first is not None
    assert re.fullmatch(r"[0-9]{6}", first[0])
    at = LASTS_S - 1
    assert pins.shown() == (first[0], 1.0)
    at = LASTS_S
    assert pins.shown() is None
    assert not pins.right(first[0])
    pins.make()
    second = pins.shown()
    pins.make()
    assert second is not None
    assert pins.shown() != second
    assert not pins.right(second[0])


def test_pins_differ() -> None:
    pins, seen = Pins(), set()
    for _ in range(50):
        pins.make()
        seen.add(pins.shown()[0])  # type: ignore[index]  # it was just made
    assert len(seen) > 45


@pytest.mark.parametrize("said", ["", "12345", "1234567", "１２３４５６", "abc", "\x00" * 6, "9" * 10_000])
def test_what_is_no_pin_is_a_wrong_one(said: str) -> None:
    pins = Pins()
    pins.make()
    assert not pins.right(said)


def test_a_guest_keeps_the_address_and_goes_after_a_working_day() -> None:
    at = 0.0
    guests = Guests(now=lambda: at)
    guest = guests.open("192.168.1.7")
    assert guests.find(guest.token, "192.168.1.7") == guest
    assert guests.find(guest.token, "192.168.1.8") is None
    assert guests.find("", "192.168.1.7") is None
    for number in range(MOST_GUESTS):
        guests.open(f"192.168.2.{number}")
    assert guests.find(guest.token, "192.168.1.7") is None, "there are never more than so many"
    last = guests.open("192.168.1.9")
    at = GUEST_S
    assert guests.find(last.token, "192.168.1.9") is None
    assert guests.all() == ()


class Socket:
    def __init__(self, remote: str, own: str) -> None:
        self._told = {"peername": (remote, 5), "sockname": (own, 8080)}

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self._told.get(name, default)

    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("remote", "own", "where"),
    [
        ("127.0.0.1", "127.0.0.1", From.device),
        ("::1", "::1", From.device),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", From.device),
        ("192.168.1.20", "192.168.1.20", From.device),
        ("::ffff:192.168.1.20", "::ffff:192.168.1.20", From.device),
        ("192.168.1.21", "192.168.1.20", From.network),
        ("::ffff:10.0.0.9", "::ffff:10.0.0.2", From.network),
        ("fe80::2%eth0", "fe80::1%eth0", From.network),
        ("fd00::2", "fd00::1", From.network),
        ("8.8.8.8", "192.168.1.20", From.elsewhere),
        ("2400:3200::1", "2400:3200::2", From.elsewhere),
        ("not an address", "127.0.0.1", From.elsewhere),
        ("", "127.0.0.1", From.elsewhere),
    ],
)
def test_who_asks_is_told_by_the_connection(remote: str, own: str, where: From) -> None:
    socket = Socket(remote, own)
    request = make_mocked_request("GET", "/site", transport=socket)
    assert asked_from(request.clone(remote=remote)) is where
    for header in ("X-Forwarded-For", "Forwarded"):
        proxied = make_mocked_request("GET", "/site", headers={header: "x"}, transport=socket)
        assert asked_from(proxied.clone(remote=remote)) is From.elsewhere


@pytest.mark.parametrize(
    ("reason", "kinds"),
    [
        ("", []),
        ("nothing is near", ["nothing"]),
        ("nothing is near: the beacon before it has not been near for 3.0 s", ["gone"]),
        ("tag of class card, zone near, about 2.1 m: nothing else is near", ["person", "alone"]),
        ("place beacon A: b, zone x, zone far, distance unknown: it now brings another project",
         ["place", "other_project"]),
        ("place beacon A, zone near, about 1e-05 m: nearest of 3: the next is 7.5 dB behind; a needs 0.7 against 0.2",
         ["place", "nearest", "said"]),
        ("tag of class a, zone near, about 1 m: priority 5 against -1, and about as near for 3.0 s",
         ["person", "overtaking"]),
        ("somebody is giving", ["giving"]),
        ("its beacon seems to be cloned: two levels at once", ["cloned"]),
        ("something that nobody foresaw", ["said"]),
    ],
)  # fmt: skip
def test_reasons_are_taken_apart_and_what_is_not_known_is_told_as_it_is(reason: str, kinds: list[str]) -> None:
    assert [clause.kind for clause in clauses(reason)] == kinds


async def test_a_stream_ends_when_the_guest_may_not_see_it_any_more(staff: Resident, asking: Asking) -> None:
    async with staff.http.get(staff.url + "/site/live") as stream:
        await stream.content.readuntil(b"\n\n")
        asking.where = From.elsewhere
        line = await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 60)
    assert b'{"go": "/site"}' in line


async def test_health_is_told_in_full_on_the_device_alone(staff: Resident, monkeypatch: pytest.MonkeyPatch) -> None:
    async with staff.http.get(staff.url + "/healthz") as answer:
        assert "screen" in await answer.json()
    monkeypatch.setattr(files_page, asked_from.__name__, lambda _: From.network)
    async with staff.http.get(staff.url + "/healthz") as answer:
        assert await answer.json() == {"ok": True}


HOSTILE = [
    *(("GET", path, {}, None) for path in (
        "/site/", "/site/../site/why", "/site/%2e%2e/why", "//site", "/site/why/", "/SITE", "/site/trace.json?last=-1",
        "/site/trace.json?last=" + "9" * 4000, "/site/live?view=site", "/site/why?people=1", "/site%00",
        "/site/pin?x=1", "/site?guest=1", "/site;guest=1",
    )),
    *(("GET", path, {"Cookie": f"{site_pages.COOKIE}={token}"}, None)
      for path in ("/site/why", "/site/trace.json", "/site/live")
      for token in ("", "0" * 32, "x" * 3000, "a=b; site_guest=c", "\u00e9", "../../etc/passwd")),
    *(("GET", "/site/why", {name: value}, None) for name, value in (
        ("X-Forwarded-For", "127.0.0.1"), ("Forwarded", "for=127.0.0.1"), ("X-Real-IP", "127.0.0.1"),
        ("Host", "evil.example"), ("Host", "127.0.0.1.evil.example"), ("Host", ""), ("X-Original-URL", "/site/why"),
        ("Range", "bytes=0-99999999999"), ("Accept-Language", "zh;q=" + "9" * 3000), ("Origin", "null"),
    )),
    *((method, "/site/why", {}, None) for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW")),
    *(("POST", path, {}, body) for path in ("/site/enter", "/site/pin", "/site/leave") for body in (
        b"", b"pin=000000", b"csrf=&pin=", b"csrf=" + b"0" * 64 + b"&pin=000000", b"%", b"pin=%ff%fe", b"\x00" * 100,
        b"pin=" + b"1" * 100_000, b'{"pin": "000000"}', b"csrf=a&csrf=b&pin=1&pin=2", b"=&=&=", b"<xml/>",
    )),
    *(("POST", "/site/enter", {name: value}, b"csrf=x&pin=000000") for name, value in (
        ("Content-Type", "application/json"), ("Content-Type", "text/plain"), ("Content-Type", "multipart/form-data"),
        ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "https://evil.example"),
        ("Content-Encoding", "gzip"),
    )),
]  # fmt: skip


async def test_no_guest_of_the_network_bends_it(staff: Resident, asking: Asking) -> None:
    pin = await pin_of(staff, asking)
    secrets = ("volunteer", str(WALL.id), "give.example.org", "CentralUnreachable", "1.2.3", pin)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    wrong = []
    for method, path, headers, body in HOSTILE:
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.request(
                method,
                URL(staff.url + path, encoded=True),
                data=body,
                headers=({} if body is None else form) | headers,
                allow_redirects=False,
            ) as answer,
        ):
            text = (await answer.read()).decode(errors="replace")
            fine = answer.status < 500 and answer.status not in (303,)
            if not fine or any(secret in text for secret in secrets) or site_pages.COOKIE in str(answer.headers):
                wrong.append((method, path, headers, answer.status))
    assert wrong == []
    assert len(HOSTILE) > 80
    asking.where = From.device
    assert pin[:3] in await staff.get("/site/pin"), "none of them spent the PIN"
