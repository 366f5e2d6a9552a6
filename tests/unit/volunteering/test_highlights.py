"""Highlights: who must agree, what a file may be, and that a withdrawn picture is gone everywhere."""

import asyncio
import struct
import zlib
from datetime import UTC, date, datetime
from io import BytesIO

import aiohttp
from PIL import Image

from central_server.accounts.access import Role
from sync_contract.bulletin import MAX_PICTURE_BYTES
from sync_contract.strict_model import Environment
from tests.databases import sqlite_only
from tests.fakes.central_process import RunningCentral
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, Desk, log_in
from tests.unit.volunteering.member_phone import Phone, press
from volunteering.bulletin.compose_bulletin import compose_bulletin
from volunteering.highlights.highlight_form import read_highlight
from volunteering.highlights.picture_process import convert, shrink
from volunteering.rules.highlights import (
    Approval,
    ConsentState,
    Picture,
    PictureFault,
    may_be_shown,
    picture_may_be_on_a_screen,
)

HIGHLIGHTS = "/staff/volunteers/highlights"
PUBLIC = f"/community/{COMMUNITY}/highlights"
MINE = f"/community/{COMMUNITY}/pictures"
NUMBER = "13800000001"


def photograph(kind: str = "JPEG") -> bytes:
    """Return a picture of 3000 by 2000 that lies on its side, with a position and a device in its EXIF."""
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = 6, "A camera of Quanzhou"  # orientation, model
    exif.get_ifd(0x8825)[2] = (24.0, 54.0, 31.0)  # GPS latitude
    out = BytesIO()
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(out, kind, exif=exif)
    return out.getvalue()


def bomb() -> bytes:
    """Return a PNG of a few kB whose header says 30,000 by 30,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(3_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_two_accounts_and_everybody_on_the_picture_must_agree() -> None:
    first, second = Approval("a", True), Approval("b", False)
    agreed = ConsentState.agreed
    for approvals, consents, shown in (
        ((first, second), (), True),
        ((first, second), (agreed, agreed), True),
        ((first,), (agreed,), False),
        ((first, Approval("a", True)), (), False),
        *(((first, second), (agreed, each), False) for each in ConsentState if each is not agreed),
    ):
        assert may_be_shown(approvals, consents) is shown, (approvals, consents)
    both = (first, Approval("b", True))
    assert picture_may_be_on_a_screen(both, 0)
    assert not picture_may_be_on_a_screen(both, 1), "people are on it"
    assert not picture_may_be_on_a_screen((first, second), 0), "one of them sees a face"
    assert not picture_may_be_on_a_screen((first,), 0)


async def test_a_picture_is_made_small_and_upright_and_loses_its_metadata() -> None:
    content = await asyncio.to_thread(photograph)
    assert all(word in content for word in (b"Exif", b"Quanzhou"))
    made = await shrink(content)
    assert isinstance(made, Picture)
    for each, longest in ((made.large, 1600), (made.small, 640)):
        with Image.open(BytesIO(each)) as image:
            assert (image.format, max(image.size), image.height > image.width) == ("JPEG", longest, True)
            assert not image.getexif()
        assert not [word for word in (b"Exif", b"Quanzhou", b"http://ns.adobe") if word in each]
    assert len(made.small) <= MAX_PICTURE_BYTES


def test_a_picture_bomb_and_other_files_are_refused() -> None:
    gif = BytesIO()
    Image.new("RGB", (9, 9)).save(gif, "GIF")
    small = BytesIO()
    Image.new("RGB", (90, 90)).save(small, "JPEG")
    for content, fault in (
        (bomb(), PictureFault.too_large),
        (b"", PictureFault.unreadable),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", PictureFault.unreadable),
        (gif.getvalue(), PictureFault.unreadable),
        (small.getvalue()[:-200], PictureFault.unreadable),
    ):
        assert convert(content) is fault, content[:20]


def test_a_form_with_faults_says_what_is_wrong() -> None:
    today = date(2026, 12, 31)
    good = {"text_zh_hans": "花圃", "day": "2026-12-30", "all": "yes", "mobiles": f"{NUMBER}\n", "papers": "3 号柜\n"}
    new, faults = read_highlight(good, today, picture=True)
    assert new is not None
    assert (new.text.en, new.mobiles, new.papers) == ("花圃", (NUMBER,), ("3 号柜",))
    for changed, field in (
        ({"text_zh_hans": ""}, "text_zh_hans"),
        ({"text_en": "x" * 121}, "text_en"),
        ({"day": "2027-01-01"}, "day"),
        ({"day": "2025-01-01"}, "day"),
        ({"mobiles": "123"}, "mobiles"),
        ({"mobiles": "13800000001\n" * 31}, "mobiles"),
        ({"papers": "x" * 41}, "papers"),
        ({"all": ""}, "all"),
    ):
        new, faults = read_highlight(good | changed, today, picture=True)
        assert (new, [*faults]) == (None, [field])


async def _draft(desk: Desk, content: bytes = b"", **fields: str) -> str:
    """Draft a highlight; return the path of its page."""
    page = await desk.open(f"{HIGHLIGHTS}/new")
    csrf = page.html.split('name="csrf" value="')[1][:64]
    form = aiohttp.FormData({"csrf": csrf, "place": COMMUNITY, "text_zh_hans": "新花圃", "text_en": "New flowers"})
    for name, value in ({"day": f"{datetime.now(UTC).date()}", "all": "yes"} | fields).items():
        form.add_field(name, value)
    form.add_field("picture", BytesIO(content), filename="a.jpg", content_type="image/jpeg")
    headers = {"Origin": desk.central.url}
    async with desk.donor._session.post(desk.central.url + f"{HIGHLIGHTS}/new", data=form, headers=headers) as answer:
        assert answer.status in (200, 422), await answer.text()
        return answer.url.path if answer.status == 200 else ""


async def _approve(desk: Desk, one: str, faceless: str = "") -> str:
    page = await desk.open(one)
    csrf = page.html.split('name="csrf" value="')[1][:64]
    return (await desk.donor.send(f"{desk.central.url}{one}/approve", {"csrf": csrf, "faceless": faceless})).text()


async def _status(phone: Phone, path: str) -> int:
    async with phone.session.get(phone.url + path, allow_redirects=False) as answer:
        return answer.status


async def _on_screen(central: RunningCentral) -> list[bool]:
    """Return the highlights of the bulletin: whether each has a picture."""
    async with central.database() as database, database.read() as connection:
        made = await compose_bulletin(connection, COMMUNITY, Environment.drill, datetime.now(UTC))
    return [bool(each.picture) for each in made.highlights]


@sqlite_only
async def test_a_picture_is_shown_when_all_agree_and_gone_when_one_changes_their_mind(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    content = await asyncio.to_thread(photograph)
    staff = await log_in(central, session, Role.staff)
    path = await staff.make_activity()
    shown, other = Phone.new(central.url), Phone.new(central.url)
    await shown.join(path, NUMBER)
    await other.join(path, "13800000002")
    assert not await _draft(staff, bomb())
    with_people = await _draft(staff, content, mobiles=NUMBER)
    flowers = await _draft(staff, content)
    picture = f"{PUBLIC}/{with_people.rpartition('/')[2]}.jpg"
    assert (await _status(shown, picture), await _status(other, f"{MINE}{picture[len(PUBLIC) :]}")) == (404, 404)
    assert await _status(shown, f"{MINE}{picture[len(PUBLIC) :]}") == 200, "who is on it sees it before"
    for one in (with_people, flowers):
        assert "It is shown" not in await _approve(staff, one, "yes")
        assert "It is shown" not in await _approve(staff, one, "yes"), "the same account again"
    boss = await log_in(central, session, Role.admin)
    for one in (with_people, flowers):
        await _approve(boss, one, "yes")
    page = (await other.open(PUBLIC)).html
    assert (flowers.rpartition("/")[2] in page, with_people.rpartition("/")[2] in page) == (True, False)
    await press(shown.donor, await shown.open(MINE), "agree")
    assert (await _status(other, picture), await _on_screen(central)) == (200, [True, False])
    await press(shown.donor, await shown.open(MINE), "decline")
    assert (await _status(other, picture), await _on_screen(central)) == (404, [True])
    assert "No picture shows you" in (await shown.open(MINE)).text()
    neighbour = await log_in(central, session, Role.admin, NEIGHBOURS)
    assert (await neighbour.open(flowers)).status == 404
    boss = await log_in(central, session, Role.admin)
    await press(boss.donor, await boss.open(flowers), "withdraw")
    assert await _on_screen(central) == []
    for phone in (shown, other):
        await phone.session.close()
