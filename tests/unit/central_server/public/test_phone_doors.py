"""Open a project by each door of a phone, counted separately: a shake, a poster, a tag, the hall's page."""

import hashlib
import re
from datetime import UTC, datetime

import aiohttp
from sqlalchemy import select

from central_server.statistics.periods import Span, period_of
from central_server.statistics.report import build_report
from central_server.store.catalogue import pictures, projects
from central_server.store.catalogue.pictures import StoredPicture
from central_server.store.engine.tables import shake_counts
from central_server.store.places.places import TOP
from central_server.store.statistics.figure_filter import FigureScope
from sync_contract.catalogue import Focus
from sync_contract.permit import OFFICIAL_TIME
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Donor
from tests.unit.central_server.shake_world import OURS, bound, question

__all__ = ["bound"]


async def counts(central: RunningCentral) -> dict[tuple[str, str, str, str], int]:
    async with central.database() as database, database.read() as connection:
        rows = await connection.execute(select(shake_counts))
        return {(row.door, row.kind, row.project, row.beacon): row.times for row in rows}


async def test_each_door_of_the_phone_shows_its_project_and_is_counted_by_itself(
    bound: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    async with session.post(f"{bound.url}/api/v1/shake", json=question(1)) as answer:
        url = (await answer.json())["found"]["url"]
    shaken = await donor.open(url)
    poster = await donor.open(f"{bound.url}/h/{OURS}/1/1")
    capitals = await donor.open(f"{bound.url}/H/{str(OURS).upper()}/1/1?nfc")
    for page in (shaken, poster, capitals):
        assert page.status == 200
        assert "Warm lunches · Huada Community" in page.text(), "the page names its hall before any script runs"
        assert "I want to give" in page.text()
    async with session.head(f"{bound.url}/h/{OURS}/1/1") as answer:
        assert answer.status == 200
    ours = f"{OURS}/1/1"
    assert await counts(bound) == {
        ("phone", "shake", "lunch", ours): 1,
        ("phone", "click", "lunch", ours): 1,
        ("qr", "click", "lunch", ours): 1,
        ("nfc", "click", "lunch", ours): 1,
    }


async def test_touching_a_tag_counts_as_near_and_opening_a_poster_only_as_page(
    bound: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    for path in (f"/h/{OURS}/1/1?nfc", f"/h/{OURS}/1/1?nfc", f"/h/{OURS}/1/1"):
        await donor.open(bound.url + path)
    async with session.head(f"{bound.url}/h/{OURS}/1/1?nfc") as answer:  # a preview is no touch
        assert answer.status == 200
    now = datetime.now(UTC)
    today = period_of(Span.day, now.astimezone(OFFICIAL_TIME).date())
    async with bound.database() as database, database.read() as connection:
        found = await build_report(connection, FigureScope((TOP,)), today, "drill", now)
    assert {step: (found.funnel[step]["nfc"], found.funnel[step]["qr"]) for step in ("near", "page")} == {
        "near": (2, None),
        "page": (2, 1),
    }
    assert (found.sums["near_nfc"], found.sums["near_nfc_visitors"], found.sums["page_qr"]) == (2, 1, 1)


async def test_the_picture_that_staff_gave_a_project_is_on_its_pages(
    bound: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(40)
    sha256, other = hashlib.sha256(picture).hexdigest(), "0" * 64
    now = datetime.now(UTC)
    async with bound.database() as database, database.write() as connection:
        await pictures.store(connection, StoredPicture(sha256, "image/png", len(picture), picture), now)
        await pictures.store(connection, StoredPicture(other, "image/png", len(picture), picture), now)
        (project,) = [each for each in await projects.every(connection, [TOP]) if each.id == "lunch"]
        await projects.show_picture(connection, project, sha256, Focus.top, "chen", now)
    shown = f'src="/pictures/{sha256}"'
    for path in ("/s", "/s/at/all/lunch", f"/h/{OURS}/1/1"):
        html = (await donor.open(bound.url + path)).html
        assert shown in html, path
        assert "photo focus-top" in html, path
    assert shown not in (await donor.open(f"{bound.url}/s/at/all/ended")).html
    async with session.get(f"{bound.url}/pictures/{sha256}") as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", picture)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with session.get(answer.url, headers={"If-None-Match": f'"{sha256}"'}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    for unknown in (other, "1" * 64):  # one that no project shows is not there either
        async with session.get(f"{bound.url}/pictures/{unknown}") as answer:
            assert answer.status == 404


async def test_a_project_without_a_permit_says_so_on_the_phone(bound: RunningCentral, donor: Donor) -> None:
    page = await donor.open(f"{bound.url}/h/{OURS}/1/2")
    assert "Giving closed on" in page.text()
    assert "scan the code" not in page.text()


async def test_the_hall_lists_its_projects_and_a_shake_turns_to_each(bound: RunningCentral, donor: Donor) -> None:
    hall = await donor.open(f"{bound.url}/s")
    links = re.findall(r'href="(/s/at/[^"]+)"', hall.html)
    assert {"/s/at/all/lunch", "/s/at/all/ended", "/s/at/all/turn"} == set(links)
    seen, page = [], await donor.open(f"{bound.url}/s/at/all/turn")
    for _ in range(3):
        seen.append(page.url.rpartition("/")[2])
        another = re.search(r'href="([^"]*/turn\?after=[^"]*)"', page.html)
        assert another is not None
        page = await donor.open(bound.url + another[1])
    assert seen == ["lunch", "ended", "lunch"]
    assert sum((await counts(bound)).values()) == 4


INVALID_ADDRESSES = (
    ("/s/" + "A" * 43, 404),
    ("/s/at/nowhere", 404),
    ("/s/at/nowhere/turn", 404),
    ("/s/at/all/unknown", 404),
    ("/s/at/all/turn?after=%00", 200),
    ("/s/at/%00", 404),
    (f"/h/{OURS}/1/99999", 404),
    (f"/h/{OURS}/1/7", 404),
    ("/h/not-a-uuid/1/1", 404),
    (f"/h/{OURS}/1/1?lang=xx&nfc&nfc", 200),
)
"""Paths with the status of their answer."""


async def test_invalid_addresses_get_a_helpful_page(bound: RunningCentral, donor: Donor) -> None:
    for path, status in INVALID_ADDRESSES:
        page = await donor.open(bound.url + path)
        assert page.status in (status, 400 if "%00" in path else status), path
        assert "<h1>" in page.html, path
