"""Test refusals: each shows a page in the resident's language and records nothing."""

import re
from datetime import UTC, datetime

import aiohttp
import pytest

from tests.browser.fake_giving import FakeKiosk
from tests.unit.beacon_gateway.kiosk.resident import Resident


@pytest.mark.parametrize("path", ["/project/nothing", "/project/nothing/amount"])
async def test_an_unknown_project_shows_a_notice(resident: Resident, path: str) -> None:
    assert "这里没有这个项目" in await resident.get(path)
    assert resident.status == 404


async def test_an_unknown_address_is_a_page_in_the_residents_language(resident: Resident) -> None:
    await resident.get("/")
    await resident.post("/display", language="zh-Hant", back="/")
    assert "沒有這個頁面" in await resident.get("/wp-login.php")
    assert resident.status == 404


async def test_an_unknown_project_in_the_form_is_refused(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.get("/project/elder-lunch/amount")
    await resident.post("/give", project="nothing", key=resident.hidden("key"), amount_fen="3000")
    assert (resident.status, kiosk.giving.recorded) == (404, [])


async def test_a_project_without_permit_shows_the_reason_and_accepts_nothing(
    resident: Resident, kiosk: FakeKiosk
) -> None:
    assert "这个项目还不能募捐" in await resident.get("/project/info-only")
    assert (resident.status, "/amount" in resident.html) == (200, False)
    assert "仅供了解" in await resident.get("/project/info-only/amount")
    assert resident.status == 409
    await resident.get("/project/elder-lunch/amount")
    page = await resident.post("/give", project="info-only", key=resident.hidden("key"), amount_fen="5000")
    assert (resident.status, kiosk.giving.recorded) == (409, [])
    assert "暂停捐款" in page


async def test_a_permit_that_closes_between_the_page_and_the_touch_is_judged_again(
    resident: Resident, kiosk: FakeKiosk
) -> None:
    await resident.get("/project/elder-lunch/amount")
    kiosk.projects.at = datetime(2030, 1, 2, tzinfo=UTC)
    await resident.post("/give", project="elder-lunch", key=resident.hidden("key"), amount_fen="3000")
    assert (resident.status, kiosk.giving.recorded) == (409, [])
    assert "已于2029年12月31日结束" in await resident.get("/project/elder-lunch")


async def test_a_project_that_the_server_cannot_route_has_no_button(resident: Resident, kiosk: FakeKiosk) -> None:
    """Else a donor would come to the phone, and be told there that it was in vain."""
    kiosk.projects.offered["elder-lunch"] = kiosk.projects.offered["elder-lunch"].model_copy(update={"elsewhere": True})
    assert "这个项目不在这里收捐款" in await resident.get("/project/elder-lunch")
    assert (resident.status, "/amount" in resident.html) == (200, False)
    assert "仅供了解" in await resident.get("/project/elder-lunch/amount")
    await resident.get("/project/student-aid/amount")
    await resident.post("/give", project="elder-lunch", key=resident.hidden("key"), amount_fen="3000")
    assert (resident.status, kiosk.giving.recorded) == (409, [])


async def test_an_uncertain_clock_shows_its_reason(resident: Resident, kiosk: FakeKiosk) -> None:
    kiosk.projects.at = None
    assert "日期还没有校准" in await resident.get("/project/elder-lunch")
    assert "/amount" not in resident.html


@pytest.mark.parametrize(
    "amount",
    [
        {"amount_fen": "1"},
        {"amount_fen": "999999999"},
        {},
    ],
)
async def test_an_amount_out_of_range_shows_the_range(
    resident: Resident, kiosk: FakeKiosk, amount: dict[str, str]
) -> None:
    page = await resident.give("elder-lunch", **amount)
    assert (resident.status, kiosk.giving.recorded) == (422, [])
    assert "¥1 至 ¥50,000" in page
    assert 'href="/project/elder-lunch/amount"' in page


@pytest.mark.parametrize(
    ("yuan", "digits", "message"),
    [
        ("9999999", "9999999", "一次最多 ¥50,000，请少填一些。"),
        ("50001", "50001", "一次最多 ¥50,000，请少填一些。"),
        ("9" * 40, "9999999", "一次最多 ¥50,000，请少填一些。"),
        ("0", "", "请先按数字，最少 ¥1。"),
        ("", "", "请先按数字，最少 ¥1。"),
        ("１２", "", "请先按数字，最少 ¥1。"),
        ("-5", "5", "整数元，¥1 至 ¥50,000。"),
        ("1e3", "13", "整数元，¥1 至 ¥50,000。"),
    ],
)
async def test_a_refused_amount_returns_to_the_number_pad_with_its_digits(
    resident: Resident, kiosk: FakeKiosk, yuan: str, digits: str, message: str
) -> None:
    page = await resident.give("elder-lunch", yuan=yuan)
    assert resident.path == f"/project/elder-lunch/amount?digits={digits}&asked=1"
    assert kiosk.giving.recorded == []
    assert resident.hidden("yuan", 'id="yuan" ') == digits
    assert message in re.sub(r"<p [^>]*hidden>[^<]*</p>", "", page)


async def test_too_many_digits_are_refused_while_typing_without_a_script(resident: Resident) -> None:
    page = await resident.get("/project/elder-lunch/amount?digits=1234567")
    assert ">¥1,234,567<" in page
    assert re.search(r'id="too-much" role="alert">一次最多', page)
    assert re.search(r'id="too-little" role="alert" hidden>', page)


async def test_a_full_disk_shows_a_page_and_the_next_try_works(resident: Resident, kiosk: FakeKiosk) -> None:
    kiosk.giving.broken = True
    assert "本机暂时不能登记" in await resident.give("elder-lunch", amount_fen="3000")
    assert resident.status == 503
    kiosk.giving.broken = False
    await resident.give("elder-lunch", amount_fen="3000")
    assert resident.path == "/handoff"


@pytest.mark.parametrize("path", ["/give", "/next", "/display"])
async def test_a_form_without_this_sessions_token_is_out_of_date(
    resident: Resident, neighbour: Resident, kiosk: FakeKiosk, path: str
) -> None:
    await neighbour.get("/")
    await resident.get("/project/elder-lunch/amount")
    for token in ("", "0" * 64, neighbour.hidden("csrf")):
        fields = {"project": "elder-lunch", "key": "k" * 20, "amount_fen": "3000", "language": "en"}
        assert "这个页面已过期" in await resident.post(path, csrf=token, **fields)
        assert resident.status == 403
        await resident.get("/project/elder-lunch/amount")
    assert kiosk.giving.recorded == []


@pytest.mark.parametrize("key", ["", "short", "k" * 65, "k" * 19 + "!"])
async def test_a_form_without_a_proper_key_is_refused(resident: Resident, kiosk: FakeKiosk, key: str) -> None:
    await resident.get("/project/elder-lunch/amount")
    await resident.post("/give", project="elder-lunch", key=key, amount_fen="3000")
    assert (resident.status, kiosk.giving.recorded) == (400, [])


async def test_a_form_sent_from_another_site_is_refused(resident: Resident, kiosk: FakeKiosk) -> None:
    await resident.get("/project/elder-lunch/amount")
    fields = {
        "csrf": resident.hidden("csrf"),
        "key": resident.hidden("key"),
        "project": "elder-lunch",
        "amount_fen": "3000",
    }
    headers = {"Sec-Fetch-Site": "cross-site"}
    async with resident.http.post(resident.url + "/give", data=fields, headers=headers) as response:
        assert response.status == 403
        assert "text/html" in response.headers["Content-Type"]
    assert kiosk.giving.recorded == []


async def test_a_foreign_host_name_gets_an_error_page_without_a_session(resident: Resident) -> None:
    headers = {"Host": "evil.example", "Accept-Language": "en"}
    async with resident.http.get(resident.url + "/", headers=headers) as response:
        assert response.status == 421
        assert "There is no such page" in await response.text()
        assert "Set-Cookie" not in response.headers


async def test_every_answer_carries_the_guards(resident: Resident) -> None:
    for path in ("/", "/project/nothing", "/nothing", "/healthz"):
        async with resident.http.get(resident.url + path) as response:
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["Cache-Control"] == "no-store"


async def test_a_static_file_is_cached_for_ever_only_under_the_address_of_its_content(resident: Resident) -> None:
    page = await resident.get("/")
    styled = page.split('rel="stylesheet" href="')[1].split('"')[0]
    expected = {styled: "immutable", styled.split("?")[0]: "no-cache", styled + "0": "no-cache"}
    for path, cache in expected.items():
        async with resident.http.get(resident.url + path) as response:
            assert response.status == 200
            assert response.headers["Content-Type"].startswith("text/css")
            assert cache in response.headers["Cache-Control"]
            assert "Set-Cookie" not in response.headers
            assert response.headers["Content-Encoding"] == "gzip"
    async with resident.http.get(resident.url + "/", headers={"Accept-Encoding": "gzip"}) as response:
        assert "Content-Encoding" not in response.headers, (
            "the length of a compressed page would reveal its form tokens"
        )
    for path in ("/static/../render.py", "/static/%2e%2e/render.py", "/static/nothing.css"):
        async with resident.http.get(resident.url + path) as response:
            assert response.status == 404


async def test_healthz_returns_its_facts_and_status(resident: Resident, kiosk: FakeKiosk) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(resident.url + "/healthz") as response:
            assert response.status == 200
            result = await response.json()
            assert (result["ok"], result["screen"]["behind_s"]) == (True, 0)
        kiosk.health = {"ok": False}
        async with http.get(resident.url + "/healthz") as response:
            assert response.status == 503
