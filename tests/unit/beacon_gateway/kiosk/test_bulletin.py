"""The bulletin on the screen: absent without a valid one, one bell for many touches, and no donor loses the screen."""

from base64 import b64encode
from datetime import UTC, date, datetime, timedelta

import aiohttp

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.kiosk.bulletin_board import BulletinBoard, picture_digest
from beacon_gateway.kiosk.staff_bell import QUIET_FOR, StaffBell
from sync_contract.bulletin import VALID_FOR, Bulletin, BulletinActivity, BulletinHighlight, BulletinRequest, HelpKind
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from sync_contract.strict_model import Environment
from tests.browser.fake_giving import FakeKiosk
from tests.unit.beacon_gateway.kiosk.resident import Resident

LINK = '<a class="button" href="/bulletin">'
PICTURE = b64encode(b"\xff\xd8\xff a flower bed").decode()


def texts(text: str) -> Texts:
    return Texts.model_validate({"zh-Hans": text, "zh-Hant": text, "en": text})


class Hall:
    """A screen whose clocks, disk and bulletin are set by hand."""

    def __init__(self) -> None:
        self.now: datetime | None = datetime.now(UTC)
        self.bells, self.second, self.disk_works = 0, 0.0, True
        self.board = BulletinBoard(lambda: self.now, lambda: None)
        self.bell = StaffBell(self.put, lambda: self.second, lambda: datetime.now(UTC))
        self.kiosk = FakeKiosk(board=self.board, bell=self.bell)

    async def put(self) -> None:
        if not self.disk_works:
            raise StoreUnavailable("the disk is full")
        self.bells += 1

    def bulletin(self, **changes: object) -> Bulletin:
        assert self.now is not None
        start = self.now.astimezone(OFFICIAL_TIME)
        times = {"starts": start - timedelta(minutes=5), "ends": start + timedelta(minutes=5)}
        over = {"starts": start - timedelta(hours=2), "ends": start - timedelta(hours=1)}
        about = {"meeting": texts("大厅"), "seats": 4, "free": 2}
        content: dict[str, object] = {
            "environment": Environment.drill,
            "issued_at": self.now,
            "home": "/community/huada",
            "activities": (
                BulletinActivity(title=texts("送午餐"), **times, **about),  # type: ignore[arg-type]  # of both kinds
                BulletinActivity(title=texts("已经结束"), **over, **about),  # type: ignore[arg-type]  # the values of each field are mixed
            ),
            "requests": (BulletinRequest(kind=HelpKind.repair, grid="3-2", wanted_on=date(2026, 12, 31)),),
            "highlights": (BulletinHighlight(text=texts("花圃"), day=date(2026, 12, 1), picture=PICTURE),),
        }
        return Bulletin(**(content | changes))  # type: ignore[arg-type]  # the values of each field are mixed


async def test_the_screen_shows_the_bulletin_for_24_hours_and_the_projects_alone_before_and_after() -> None:
    hall = Hall()
    async with hall.kiosk.serve() as url, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        resident = Resident(http, url)
        assert LINK not in await resident.get("/")
        for path in ("/bulletin", "/bulletin/join", "/bulletin/bell"):
            await resident.get(path)
            assert resident.path == "/", "without a bulletin each page leads to the first one"
        assert hall.board.take(hall.bulletin())
        assert LINK in await resident.get("/")
        page = await resident.get("/bulletin")
        for words in ("送午餐", "正在进行", "小修小补", "网格 3-2", "花圃"):
            assert words in page
        assert "已经结束" not in page
        assert "https://give.example.org/community/huada" not in page
        assert "svg" in await resident.get("/bulletin/join")
        picture = f"/bulletin/pictures/{picture_digest(PICTURE)}"
        assert picture in page
        async with http.get(url + picture) as answer:
            assert (await answer.read(), answer.headers["Cache-Control"]) == (b"\xff\xd8\xff a flower bed", "no-store")
        assert hall.now is not None
        withdrawn = hall.bulletin(highlights=(), issued_at=hall.now + timedelta(minutes=1))
        assert not hall.board.take(hall.bulletin(issued_at=hall.now - timedelta(minutes=1))), "an older one"
        assert hall.board.take(withdrawn)
        async with http.get(url + picture) as answer:
            assert answer.status == 404, "a withdrawn picture is gone from the device"
        valid_from, hall.now = hall.now, None
        assert LINK not in await resident.get("/"), "while the time is uncertain"
        hall.now = valid_from + timedelta(minutes=1) + VALID_FOR
        assert LINK not in await resident.get("/")
        assert (hall.board.drop_expired(), hall.board.drop_expired()) == (True, False)


async def test_many_touches_ring_once_and_a_bell_is_stored_before_the_page_says_so() -> None:
    hall = Hall()
    hall.board.take(hall.bulletin())
    async with hall.kiosk.serve() as url, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        resident = Resident(http, url)
        assert "正在呼叫" not in await resident.get("/bulletin/bell")
        assert await resident.post("/bulletin/bell", csrf="0" * 64)
        assert (resident.status, hall.bells) == (403, 0)
        await resident.get("/bulletin/bell")
        hall.disk_works = False
        assert "正在呼叫" not in await resident.post("/bulletin/bell")
        assert resident.status == 503
        hall.disk_works = True
        csrf = ""
        for _ in range(3):
            await resident.get("/display")
            csrf = resident.hidden("csrf")
            assert "正在呼叫" in await resident.post("/bulletin/bell", csrf=csrf)
        assert hall.bells == 1
        hall.second = QUIET_FOR.total_seconds() + 1
        await resident.get("/bulletin/bell")
        await resident.post("/bulletin/bell")
        assert hall.bells == 2


async def test_a_donor_keeps_the_code_and_the_first_page_leads_back_to_it() -> None:
    hall = Hall()
    hall.board.take(hall.bulletin())
    async with hall.kiosk.serve() as url, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        resident = Resident(http, url)
        await resident.give("elder-lunch", amount_fen="5000")
        assert resident.path == "/handoff"
        hall.board.take(hall.bulletin())
        assert await resident.get("/handoff")
        assert resident.path == "/handoff"
        assert "/handoff" in await resident.get("/")
        assert "送午餐" in await resident.get("/bulletin")
        assert "/handoff" in await resident.get("/"), "reading the bulletin ends no gift"
