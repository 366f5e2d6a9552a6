"""Test who may open `/site`: this device, and the local network with a PIN."""

import re

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs
from yarl import URL

from beacon_gateway.kiosk.client_origin import ClientOrigin
from beacon_gateway.kiosk.pages import site as site_pages
from beacon_gateway.kiosk.pin import MAX_TRIES
from beacon_gateway.kiosk.sessions import Sessions
from sync_contract.strict_model import Language
from tests.browser.fake_giving import FakeGiving, FakeProjects
from tests.browser.projects import LUNCH
from tests.unit.beacon_gateway.kiosk.resident import Resident
from tests.unit.beacon_gateway.kiosk.site_desk import ALL, Asking, browse, build_app, made, pin_of, served
from tests.unit.beacon_gateway.kiosk.test_decision_trace import WALL


@pytest.mark.parametrize("where", [ClientOrigin.network, ClientOrigin.external])
async def test_without_a_pin_other_devices_see_nothing(staff: Resident, asking: Asking, where: ClientOrigin) -> None:
    asking.where = where
    for path in (*ALL, "/site/pin"):
        page = await staff.get(path)
        if path == "/site" and where is ClientOrigin.network:
            assert "显示 PIN" in page
        else:
            assert staff.status == 404, path
        for secret in ("volunteer", str(WALL.id), "give.example.org", "192.168.1.20", "1.2.3"):
            assert secret not in page


@pytest.mark.parametrize("lan", [False, None])
async def test_without_network_access_there_is_no_login(asking: Asking, lan: bool | None) -> None:
    asking.where = ClientOrigin.network
    async for staff in served(None if lan is None else made(lan=False), asking):
        await staff.get("/")
        csrf = staff.hidden("csrf")
        for path in (*ALL, "/site/pin"):
            await staff.get(path)
            assert staff.status == 404
        for path in ("/site/enter", "/site/pin", "/site/leave"):
            await staff.post(path, csrf=csrf, pin="000000")
            assert staff.status == 404
        asking.where = ClientOrigin.device
        await staff.get("/site")
        assert staff.status == (404 if lan is None else 200)


async def test_the_pin_of_the_screen_opens_once_and_for_that_device(staff: Resident, asking: Asking) -> None:
    pin = await pin_of(staff, asking)
    await staff.get("/site")
    with capture_logs() as logs:
        page = await staff.post("/site/enter", pin=f"{pin[:3]} {pin[3:]}")
    assert (staff.status, staff.path) == (200, "/site")
    assert [(line["event"], line["client"]) for line in logs] == [("site.entered", "127.0.0.1")]
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


async def test_wrong_tries_of_one_device_make_the_pin_void_for_that_device_only(
    staff: Resident, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = await pin_of(staff, asking)
    await staff.get("/site")
    for number in range(MAX_TRIES + 1):
        tried = pin if number == MAX_TRIES else f"{(int(pin) + number + 1) % 10**6:06}"
        page = await staff.post("/site/enter", pin=tried)
        assert (staff.status, "PIN 不对" in page) == (403, True)
    await staff.get("/site")
    monkeypatch.setattr(web.Request, "remote", "192.168.1.9")
    page = await staff.post("/site/enter", pin=pin)
    assert (staff.status, "退出" in page) == (200, True)


@pytest.mark.parametrize("where", [ClientOrigin.network, ClientOrigin.external])
async def test_another_device_gets_the_staff_pages_and_their_files_only(asking: Asking, where: ClientOrigin) -> None:
    giving = FakeGiving(FakeProjects())
    app = build_app(made(), asking, giving)
    routes = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    assert len(routes) > 30
    async for staff in browse(app):
        await staff.get("/")
        form = {"csrf": staff.hidden("csrf"), "project": LUNCH.id, "key": "k" * 32, "amount": "1000000"}
        asking.where = where
        for method, pattern in sorted(routes):
            path = re.sub(r"\{[^}]*\}", LUNCH.id, pattern)
            for written in (path, path.replace("/g", "/%67"), f"/static/..{path}", f"/site/..{path}", f"/{path}"):
                async with staff.http.request(
                    method, URL(staff.url + written, encoded=True), data=form if method == "POST" else None
                ) as answer:
                    seen = (await answer.text()) if answer.status != 404 else ""
                assert not seen or pattern == "/site" or "/site/" in pattern, (method, written)
        async with staff.http.post(staff.url + "/api/v1/intents", json={"project": LUNCH.id}) as answer:
            assert answer.status == 404
        for file in re.findall(r'(?:href|src)="(/static/[^"]+)"', await staff.get("/site")):
            async with staff.http.get(staff.url + file) as answer:
                assert answer.status == 200
        links = set(re.findall(r'(?:href|src|action|data-live)="(/[^"]*)"', staff.html)) if staff.status == 200 else ()
        assert all(link.startswith(("/site", "/static/")) for link in links)
        asking.where = ClientOrigin.device
        await staff.get("/help")
        assert staff.status == 200
    assert giving.recorded == []


async def test_other_devices_displace_no_visitor_at_the_screen(asking: Asking) -> None:
    sessions = Sessions(Language.zh_hans, limit=2)
    async for screen in browse(build_app(made(), asking, FakeGiving(FakeProjects()), sessions)):
        await screen.get("/")
        csrf = screen.hidden("csrf")
        asking.where = ClientOrigin.network
        for _ in range(3):
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
                page = await Resident(http, screen.url).get("/site")
                assert "显示 PIN" in page
        asking.where = ClientOrigin.device
        await screen.get("/")
        assert screen.hidden("csrf") == csrf


async def test_a_form_of_another_session_or_site_uses_no_try(staff: Resident, asking: Asking) -> None:
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
    asking.where = ClientOrigin.device
    assert pin[:3] in await staff.get("/site/pin"), "it was not spent"


async def test_opening_the_pin_page_creates_no_pin(staff: Resident) -> None:
    for _ in range(2):
        assert not re.search(r"<span>\d{3}</span>", await staff.get("/site/pin"))


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


async def test_hostile_requests_reveal_nothing_and_use_no_try(staff: Resident, asking: Asking) -> None:
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
    asking.where = ClientOrigin.device
    assert pin[:3] in await staff.get("/site/pin"), "none of them spent the PIN"
