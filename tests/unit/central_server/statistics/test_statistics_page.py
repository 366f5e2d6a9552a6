"""The figures page, its charts and its files."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no types

from central_server.staff.frame.charts import Column, bars, ceiling, funnel
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import Door
from tests.fakes.central_process import RunningCentral
from tests.fakes.counting import count_all
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.unit.central_server.staff.test_staff import logged_in
from tests.unit.central_server.statistics_world import count, stretch, touched

_SVG = "{http://www.w3.org/2000/svg}"


async def counted(central: RunningCentral, gateway: DeliveringGateway) -> datetime:
    """Deliver three reports of today, or of yesterday while today has not two hours. Return a time shortly after."""
    now = datetime.now(UTC)
    local = now.astimezone(OFFICIAL_TIME)
    if local.hour < 2:
        now -= timedelta(hours=local.hour, minutes=local.minute + 1)
    sent = [stretch(n, now - timedelta(minutes=6 * n), foreign_frames=0) for n in (7, 8, 10)]
    await gateway.deliver(sent)
    async with central.database() as database:
        await count_all(database)
    return now


async def test_the_page_shows_charts_with_tables(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    await gateway.deliver([gateway.intent()])
    day = f"{(await counted(central, gateway)).astimezone(OFFICIAL_TIME):%Y-%m-%d}"
    await logged_in(central, donor)
    for span in ("day", "week", "month", "quarter", "year"):
        page = await donor.open(f"{central.url}/staff/figures?span={span}&day={day}")
        assert page.status == 200
        drawings = re.findall(r"<svg.*?</svg>", page.html, re.S)
        assert len(drawings) == 9
        assert page.html.count("Numbers</summary>") == len(drawings), "every value is in a table too"
        folded = page.html[page.html.index("Nothing was counted in this time:") : page.html.index('id="comparison"')]
        assert "How long tags stayed" not in folded
        assert "Phones</h2>" in folded, "a chart without counts is folded"
        assert "style=" not in page.html
        for drawing in drawings:
            root = ElementTree.fromstring(drawing)
            assert root.get("role") == "img"
            assert root.get("aria-label")
    text = " ".join((await donor.open(f"{central.url}/staff/figures?span=week")).text().split())
    assert "Reconciled" in text
    assert "not counted then" in text
    assert "not yet" not in text
    assert "00000000-0000-0000-0000-000000000007/1/2 社区大厅 no signal" in text


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
async def test_the_page_is_in_the_readers_language(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, language: str
) -> None:
    await counted(central, gateway)
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/figures?lang={language}&span=week")
    words = {"zh-Hans": ("胸牌到访", "当时未统计", "北京时间"), "zh-Hant": ("胸牌到訪", "當時還沒統計", "北京時間")}[
        language
    ]
    for word in words:
        assert word in page.text()
    assert "Visits by tag" not in page.text()


async def test_invalid_filters_are_ignored_and_unknown_places_not_found(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    await logged_in(central, donor)
    for query in ("span=x&day=2026-99-99", "day=1999-01-01", "day=9999-12-31", "beacon=../../x", "project=%00"):
        assert (await donor.open(f"{central.url}/staff/figures?{query}")).status == 200, query
    for query in ("gateway=0000000000000000", "place=nowhere"):
        assert (await donor.open(f"{central.url}/staff/figures?{query}")).status == 404, query


async def test_the_files_contain_the_figures_of_the_page(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, session: Any
) -> None:
    await gateway.deliver([gateway.intent()])
    await counted(central, gateway)
    await logged_in(central, donor)

    async def file(kind: str) -> bytes:
        async with session.get(f"{central.url}/staff/figures.{kind}?span=quarter&lang=en") as answer:
            assert answer.status == 200
            today = f"{datetime.now(UTC).astimezone(OFFICIAL_TIME):%Y-%m-%d}"
            assert answer.headers["Content-Disposition"].endswith(f'{today}.{kind}"')
            content: bytes = await answer.read()
            return content

    record = json.loads(await file("json"))
    table = list(csv.reader(io.StringIO((await file("csv")).decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(await file("xlsx"))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert len(record["slots"]) == len(table) - 1 == len(rows) - 1 == 90
    heading = table[0]
    assert heading == rows[0]
    for name, key, of in (
        ("Adverts received", "frames", 25),
        ("Visits by tag", "near_tag", 4),
        ("Gifts registered", "registered", 1),
    ):
        place = heading.index(name)
        assert sum(slot[key] for slot in record["slots"]) == of, name
        assert sum(int(row[place]) for row in table[1:]) == of, name
        assert sum(row[place] for row in rows[1:]) == of, name
    paid = heading.index("Registered ¥")
    assert sum(float(row[paid]) for row in table[1:]) == 50.0
    assert {row[heading.index("Reconciled")] for row in table[1:]} == {"0"}
    assert {slot["reconciled"] for slot in record["slots"]} == {0}
    assert record["funnel"]["near"]["touch"] is None
    assert {row[heading.index("Touches of the screen")] for row in table[1:]} == {"not counted then"}


async def test_touches_are_on_the_page_the_overview_and_in_every_file(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, session: Any
) -> None:
    now = await counted(central, gateway)
    at = now - timedelta(minutes=6)
    counts = [count(visits=31), count("elder-lunch", opened=12), count("elder-lunch", Door.tag, visits=1, opened=2)]
    await gateway.deliver([touched(1001, at, counts)])
    async with central.database() as database:
        await count_all(database)
    await logged_in(central, donor)
    day = f"{at.astimezone(OFFICIAL_TIME):%Y-%m-%d}"
    text = " ".join((await donor.open(f"{central.url}/staff/figures?span=day&day={day}")).text().split())
    assert "Came near 32 4 0 – 0 Opened the page 12 2 0 0 0 Registered" in text
    quarter = " ".join((await donor.open(f"{central.url}/staff/figures?span=quarter")).text().split())
    assert "Touches of the screen 32 Before: not counted then" in quarter
    assert "Hatched, before the first report" in quarter
    if at.astimezone(OFFICIAL_TIME).date() == datetime.now(OFFICIAL_TIME).date():
        overview = " ".join((await donor.open(f"{central.url}/staff/")).text().split())
        assert "Touches of the screen 32" in overview
    log = (await donor.open(f"{central.url}/staff/log?kind=statistics")).text()
    assert "Screen count. Minutes: 5. Touches: 32. Pages opened: 14." in log
    async with session.get(f"{central.url}/staff/figures.csv?span=quarter&lang=en") as answer:
        table = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    names = ("Touches of the screen", "Screen: pages opened by touch", "Screen: pages opened for a tag")
    places = [table[0].index(name) for name in names]
    record = {row[0][:10]: [row[place] for place in places] for row in table[1:]}
    assert record.pop(day) == ["32", "12", "2"]
    assert ["not counted then"] * 3 in record.values()


@pytest.mark.parametrize(
    ("highest", "end"), [(0, 4), (3, 4), (5, 8), (9, 20), (80, 80), (81, 100), (101, 200), (10**7 + 1, 2 * 10**7)]
)
def test_the_axis_ends_at_a_round_number_not_far_above(highest: int, end: int) -> None:
    assert ceiling(highest) == end


def test_bars_are_as_high_as_their_values_and_hatched_without_listening() -> None:
    columns = [
        Column("00", (10, 5), "00:00", heard=1.0),
        Column("01", (0, None), "01:00", heard=0.0),
        Column("02", (4, 4), "02:00", heard=0.5),
        Column("03", (None, None), "03:00", ahead=True),
    ]
    root = ElementTree.fromstring(bars("x", "Title <b>", columns, unit="times"))
    assert root.get("aria-label") == "Title <b>"
    found = {
        kind: [r for r in root.iter(f"{_SVG}rect") if r.get("class") == kind]
        for kind in ("bar s1", "bar s2", "deaf", "partly")
    }
    heights = [float(rect.get("height", "")) for rect in found["bar s1"]]
    assert heights[0] / heights[1] == pytest.approx(10 / 4, rel=0.02)
    assert float(found["bar s2"][0].get("height", "")) == pytest.approx(heights[0] / 2, rel=0.02)
    assert len(found["deaf"]) == len(found["partly"]) == 1
    assert len(list(root.iter(f"{_SVG}title"))) == 3, "what has not begun has no column"
    for rect in root.iter(f"{_SVG}rect"):
        assert float(rect.get("y", "0")) >= 0


def test_a_step_that_is_not_counted_has_no_bar() -> None:
    root = ElementTree.fromstring(
        funnel("f", "Way", [("Registered", 8, "8"), ("Paid", 2, "2"), ("Spent", None, "not yet")])
    )
    rects = [rect for rect in root.iter(f"{_SVG}rect") if rect.get("class") in ("bar s1", "unknown")]
    assert [rect.get("class") for rect in rects] == ["bar s1", "bar s1", "unknown"]
    wide = [float(rect.get("width", "")) for rect in rects]
    assert wide[0] == 4 * wide[1]
    assert [text.text for text in root.iter(f"{_SVG}text")][-1] == "not yet"


async def test_the_comparison_is_sorted_on_the_page_and_in_every_file(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, session: Any
) -> None:
    await gateway.deliver([gateway.intent(), gateway.intent(project="books"), gateway.intent(project="books")])
    await counted(central, gateway)
    await logged_in(central, donor)
    for by, first in (("project", "books"), ("gateway", gateway.id), ("community", "huada"), ("beacon", "")):
        address = f"{central.url}/staff/figures?span=quarter&by={by}&sort=registered&lang=en"
        page = await donor.open(address)
        assert page.status == 200
        assert re.search(
            r'aria-sort="descending"><a href="[^"]*sort=-registered[^"]*#comparison">Gifts registered', page.html
        )
        files: dict[str, bytes] = {}
        for kind in ("csv", "xlsx", "json"):
            file = address.replace("/figures?", f"/figures/comparison.{kind}?")
            async with session.get(file) as answer:
                assert answer.status == 200
                assert answer.headers["Content-Disposition"].endswith(f'-{by}.{kind}"')
                files[kind] = await answer.read()
        table = list(csv.reader(io.StringIO(files["csv"].decode("utf-8-sig"))))
        sheet = load_workbook(io.BytesIO(files["xlsx"])).active
        record = json.loads(files["json"])["rows"]
        place = table[0].index("Gifts registered")
        gifts = [row["registered"] for row in record]
        assert gifts == sorted(gifts, reverse=True)
        assert sum(gifts) == 3
        assert [int(row[place]) for row in table[1:]] == gifts
        assert [row[place].value for row in list(sheet.iter_rows())[1:]] == gifts
        assert [row[1] for row in table[1:]] == [row["key"] for row in record]
        assert record[0]["key"] == first
        assert table[1][table[0].index("Registered ¥")] == ("100.00" if by == "project" else "150.00")
        assert ("not in this view" in table[1]) == (by != "community")


async def test_the_comparison_has_a_row_for_gifts_at_no_key(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    await gateway.deliver([gateway.intent()])
    await counted(central, gateway)
    await logged_in(central, donor)
    for language, words in (("en", "at none of them"), ("zh-Hans", "不属于任何一个"), ("zh-Hant", "不屬於任何一個")):
        assert words in (await donor.open(f"{central.url}/staff/figures?span=week&lang={language}")).text()
