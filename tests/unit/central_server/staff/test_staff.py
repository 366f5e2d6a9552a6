"""The staff pages: login, sync log, parcels and languages."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from msgspec.structs import replace
from yarl import URL

from central_server import staff
from central_server.accounts.access import Access, Role
from central_server.accounts.login import (
    FAILURES,
    LOCKED_FOR,
    LoginRefused,
    log_in,
)
from central_server.accounts.passwords import PasswordRefused
from central_server.accounts.sessions import find_login
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import PlaceBeaconStatistics
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway, as_json
from tests.fakes.donor import Donor, Page
from tests.fakes.staff_account import set_password
from tests.fakes.stored_parcels import received
from tests.unit.central_server.conftest import enrolled

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
LOCALE = Path(staff.__file__).parent.parent / "locale"


async def account(central: RunningCentral, name: str, place: str = TOP) -> None:
    async with central.database() as database:
        await set_password(database, name, PASSWORD, NOW, place=place, role=Role.chief)


async def logged_in(central: RunningCentral, donor: Donor, name: str = "chen", place: str = TOP) -> Page:
    await account(central, name, place)
    return await donor.press(await donor.open(f"{central.url}/staff/"), name=name, password=PASSWORD)


async def test_every_page_needs_a_login(central: RunningCentral, donor: Donor) -> None:
    for path in ("/staff", "/staff/", "/staff/log", "/staff/live", f"/staff/parcels/{'0' * 16}/{'0' * 32}"):
        page = await donor.open(central.url + path)
        assert page.url.endswith("/staff/login")


async def test_the_log_words_each_parcel(central: RunningCentral, gateway: DeliveringGateway, donor: Donor) -> None:
    gift = gateway.intent()
    dearer = replace(gift, body=replace(gift.body, amount_minor=9900))
    for parcel in (gateway.statistics(), gift, gift, dearer):
        await gateway.deliver([parcel])
    await gateway.post_batch({"contract": 1, "parcels": [as_json(gateway.intent()) | {"body": {"kind": "poem"}}]})
    assert (await logged_in(central, donor)).url == f"{central.url}/staff/"
    page = await donor.open(f"{central.url}/staff/log")
    rows = [" ".join(Page(200, "", row).text().split()) for row in re.findall(r"<tr data.*?</tr>", page.html, re.S)]
    expected = (
        "Refused Something arrived that this server does not understand.",
        "Conflict A second, different record of a gift arrived: ¥99 for Warm lunches.",
        "Delivered again A gift of ¥50 was registered for Warm lunches. The resident touched the screen. It was sent",
        "Delivered A gift of ¥50 was registered for Warm lunches. The resident touched the screen. Nothing to do.",
        "Delivered Beacon report. Minutes: 5. Adverts received: 0. Place beacons: 0. Visits by tag: 0. Nothing to do.",
    )
    assert len(rows) == len(expected)
    for row, words in zip(rows, expected, strict=True):
        assert words in row
        assert row.endswith("社区大厅")


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-Hans", "为“长者爱心午餐”登记了一笔 ¥50 的捐款。"), ("zh-Hant", "街坊摸了螢幕。不必處理。")],
)
async def test_the_log_is_in_the_language_of_its_reader(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, language: str, words: str
) -> None:
    await gateway.deliver([gateway.intent()])
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/log?lang={language}")
    assert words in page.text()
    assert words in (await donor.open(f"{central.url}/staff/log")).text()


async def test_the_log_is_filtered_and_paged(central: RunningCentral, gateway: DeliveringGateway, donor: Donor) -> None:
    start = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # midnight in Beijing
    async with central.database() as database:
        for number in range(40):  # three in a request, so that pages end within one
            three = [gateway.statistics() for _ in range(3)]
            await received(database, gateway.id, "huada", three, start + timedelta(minutes=number))
    await gateway.deliver([gateway.intent()])
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/log")
    seen = [page.html.count("<tr data-line")]
    while older := re.search(r'href="(/staff/log\?[^"]*)">Older', page.html):
        page = await donor.open(central.url + older[1].replace("&amp;", "&"))
        seen.append(page.html.count("<tr data-line"))
    assert seen == [50, 50, 21]

    async def lines(query: str) -> int:
        html = (await donor.open(f"{central.url}/staff/log?{query}")).html
        return len(re.findall('class="what"', html))

    assert await lines("kind=intent") == 1
    assert await lines("result=conflict") == 0
    assert await lines("result=nonsense&since=x&until=2026-99-99&before=y") == 50
    assert await lines(f"gateway={gateway.id}") == 50
    assert await lines("gateway=0000000000000000") == 0
    assert await lines("since=2026-11-21&until=2026-11-21&kind=statistics") == 50
    assert await lines("until=2026-11-20") == 0


async def test_a_parcels_page_shows_the_history_of_its_gift(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    gift = gateway.intent()
    await gateway.deliver([gift])
    await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(gift)}"))
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/parcels/{gateway.id}/{gift.id}")
    text = " ".join(page.text().split())
    for words in (
        "A gift of ¥50",
        "the gateway delivered it",
        "the donor confirmed on the phone",
        "Payment 1",
        gift.id,
    ):
        assert words in text
    assert (await donor.open(f"{central.url}/staff/parcels/{gateway.id}/{'0' * 32}")).status == 404


async def test_a_gift_known_only_from_its_ticket_has_a_page(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    gift = gateway.intent()
    await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(gift)}"))
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/parcels/{gateway.id}/{gift.id}")
    assert "the gateway has not delivered it yet" in page.text()


async def test_staff_of_another_community_see_nothing(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, session: aiohttp.ClientSession
) -> None:
    gift, later = gateway.intent(), gateway.intent()
    gateway.n += 5
    await gateway.deliver([later, gift, gateway.intent()])
    neighbour = await enrolled(central, DeliveringGateway(session, central.url), "neighbours")
    own = neighbour.intent(amount_minor=700)
    await neighbour.deliver([own])
    await logged_in(central, donor, "wang", "neighbours")
    page = await donor.open(f"{central.url}/staff/log")
    assert "¥7 " in page.text()
    assert "¥50" not in page.text()
    assert gateway.id not in page.html
    assert "on their way" not in page.text()
    assert (await donor.open(f"{central.url}/staff/parcels/{gateway.id}/{gift.id}")).status == 404
    assert (await donor.open(f"{central.url}/staff/parcels/{neighbour.id}/{own.id}")).status == 200


async def test_content_from_a_gateway_is_escaped(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    evil = "<script>alert(1)</script>"
    bad = as_json(gateway.intent()) | {evil: evil}
    await gateway.post_batch({"contract": 1, "parcels": [bad]})
    await logged_in(central, donor)
    parcel = bad["id"]
    page = await donor.open(f"{central.url}/staff/parcels/{gateway.id}/{parcel}")
    assert evil not in page.html
    assert evil in page.text()


async def test_a_beacon_report_is_worded_for_each_beacon(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    heard = PlaceBeaconStatistics(
        beacon=BeaconId(UUID(int=1), 1, 2),
        frames=3,
        frames_without_rssi=1,
        frames_suspect=3,
        expected_frames=4,
        heard_of_expected=3,
        longest_gap_ms=900,
        gap_histogram=(0, 1, 1, *[0] * 6),
        rssi_min=-70,
        rssi_max=-60,
        rssi_sum=-130,
        rssi_histogram=(*[0] * 7, 1, 0, 1, *[0] * 6),
    )
    nothing = dict.fromkeys(("frames", "frames_without_rssi", "frames_suspect", "heard_of_expected", "rssi_sum"), 0)
    none = {"rssi_min": None, "rssi_max": None, "rssi_histogram": (0,) * 16, "gap_histogram": (0,) * 9}
    silent = replace(heard, **nothing, **none, beacon=BeaconId(UUID(int=1), 1, 3))
    report = gateway.statistics()
    body = replace(report.body, places=(heard, silent), foreign_frames=17)
    await gateway.deliver([replace(report, body=body)])
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/parcels/{gateway.id}/{report.id}")
    text = " ".join(page.text().split())
    for words in (
        "Adverts received: 3. Place beacons: 1.",
        "Place beacons that were not received: 1.",
        "Adverts of unknown beacons: 17.",
        "Received 3 times. Adverts that did not arrive: 25%. Longest gap: 1 s. Signal on average: -65 dBm.",
        "Another transmitter seems to use its identity: tell the installer.",
        "Not received at all: check its battery and its place.",
    ):
        assert words in text, text
    page = await donor.open(f"{central.url}/staff/parcels/{gateway.id}/{report.id}?lang=zh-Hant")
    assert "有 25% 的廣播沒收到。" in page.text()


async def test_logging_out_ends_the_session(
    central: RunningCentral, donor: Donor, session: aiohttp.ClientSession
) -> None:
    page = await logged_in(central, donor)
    cookie = session.cookie_jar.filter_cookies(URL(f"{central.url}/staff/"))["staff"]
    logout = page.html.split('action="/staff/logout"')[1].split("</form>")[0]
    form = f'<form method="post" action="/staff/logout">{logout}</form>'
    assert (await donor.press(Page(200, page.url, form))).url.endswith("/staff/login")
    async with aiohttp.ClientSession(headers={"Cookie": f"staff={cookie.value}"}) as thief:
        assert (await Donor(thief).open(f"{central.url}/staff/")).url.endswith("/staff/login")


async def test_the_session_cookie_is_http_only_and_same_site(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    await account(central, "chen")
    async with session.get(f"{central.url}/staff/login") as answer:
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', await answer.text())
    assert csrf is not None
    form = {"csrf": csrf[1], "name": "chen", "password": PASSWORD}
    async with session.post(f"{central.url}/staff/login", data=form, allow_redirects=False) as answer:
        assert answer.status == 303
        shown = [value for value in answer.headers.getall("Set-Cookie") if value.startswith("staff=")]
    assert len(shown) == 1
    for part in ("HttpOnly", "SameSite=Strict", "Path=/staff"):
        assert part in shown[0]


async def test_a_failed_login_does_not_reveal_its_cause(central: RunningCentral, donor: Donor) -> None:
    await account(central, "chen")
    form = await donor.open(f"{central.url}/staff/login")
    texts = {
        re.sub(r"[0-9:]{8}", "", (await donor.press(form, name=name, password="wrong wrong wrong")).text())
        for name in ("chen", "nobody")
    }
    assert len(texts) == 1, "but for the time at which the page was made"
    assert "Name or password is wrong" in texts.pop()


async def test_five_failures_lock_the_account(database: Database) -> None:
    await set_password(database, "chen", PASSWORD, NOW, role=Role.admin)
    for _ in range(FAILURES):
        with pytest.raises(LoginRefused, match="wrong"):
            await log_in(database, "chen", "wrong", NOW)
    with pytest.raises(LoginRefused, match="locked"):
        await log_in(database, "chen", PASSWORD, NOW + LOCKED_FOR - timedelta(seconds=1))
    session = await log_in(database, "chen", PASSWORD, NOW + LOCKED_FOR)
    login = await find_login(database, session.token, NOW + LOCKED_FOR, factors_demanded=False)
    assert login is not None
    assert login.access == Access("chen", {TOP: Role.admin})
    for _ in range(FAILURES - 1):
        with pytest.raises(LoginRefused):
            await log_in(database, "chen", "wrong", NOW)
    assert (await log_in(database, "chen", PASSWORD, NOW)).token


async def test_a_short_password_is_refused(database: Database) -> None:
    with pytest.raises(PasswordRefused):
        await set_password(database, "chen", "short", NOW, role=Role.chief)


def test_every_text_is_translated() -> None:
    pages = Path(staff.__file__).parents[1]
    kinds = [("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.py", "python")]
    wanted: set[str] = set()
    for _, _, message, _, _ in extract_from_dir(str(pages), method_map=kinds, keywords={"_": None}):
        assert isinstance(message, str)
        wanted.add(message)
    assert len(wanted) > 50
    for language in ("zh-Hans", "zh-Hant"):
        with (LOCALE / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
            catalogue = read_po(file)
        shown = {str(entry.id): str(entry.string or "") for entry in catalogue if entry.id and not entry.fuzzy}
        assert shown.keys() == wanted, language
        for message, translation in shown.items():
            assert translation, message
            assert sorted(re.findall(r"%\(\w+\)s", message)) == sorted(re.findall(r"%\(\w+\)s", translation))
