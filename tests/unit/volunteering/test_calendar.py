"""The calendar of a community: its lines by RFC 5545, and what the server answers."""

import re
from datetime import UTC, datetime, timedelta, timezone

import aiohttp
from hypothesis import given, settings
from hypothesis import strategies as st

from central_server.accounts.access import Role
from tests.fakes.central_process import RunningCentral
from tests.unit.volunteering.community_desk import ACTIVITIES, COMMUNITY, NEIGHBOURS, log_in
from volunteering.rules.calendar_file import CalendarEvent, calendar_file

STARTS = datetime(2026, 12, 31, 22, 30, tzinfo=timezone(timedelta(hours=8)))
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))


def read(file: bytes) -> list[tuple[str, str]]:
    """Read names and values: unfold as octets, then undo each escape from left to right (RFC 5545, 3.1 and 3.3.11)."""
    assert file.endswith(b"\r\n")
    for line in file.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()  # no character is divided
    text = file.replace(b"\r\n ", b"").decode()
    pairs = [line.partition(":")[::2] for line in text.split("\r\n") if line]
    return [
        (name, re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)) for name, value in pairs
    ]


@settings(max_examples=150, deadline=None)
@given(st.text(LETTERS, max_size=120), st.lists(st.text(LETTERS, max_size=60), max_size=4))
def test_any_text_is_read_as_it_was_written(title: str, about: list[str]) -> None:
    ends = STARTS + timedelta(hours=3)
    event = CalendarEvent("ab" * 16, STARTS, STARTS, ends, title, "1;2,3\\n", "\n".join(about), "https://a/b", True)
    found = dict(read(calendar_file("社区,", [event])))
    assert found["SUMMARY"] == title
    assert found["LOCATION"] == "1;2,3\\n"
    assert found.get("DESCRIPTION", "") == "\n".join(about)
    assert (found["DTSTART"], found["DTEND"]) == ("20261231T143000Z", "20261231T173000Z")
    assert (found["UID"], found["STATUS"]) == ("abababab-abab-abab-abab-abababababab", "CANCELLED")


async def test_a_phone_subscribes_to_a_community(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    desk = await log_in(central, session, Role.admin)
    path = await desk.make_activity()

    async def fetch(community: str) -> tuple[int, bytes]:
        url = f"{central.url}/community/{community}/activities.ics?lang=en"
        async with session.get(url) as answer:
            assert answer.content_type == ("text/calendar" if answer.status == 200 else "text/html")
            return answer.status, await answer.read()

    _, before = await fetch(COMMUNITY)
    first = dict(read(before))
    assert (first["SUMMARY"], first["STATUS"]) == ("Hot meals for elders", "CONFIRMED")
    starts = datetime.strptime(first["DTSTART"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert starts.hour == 1, "nine o'clock in official time"
    assert first["URL"].endswith(path)
    csrf = (await desk.open(ACTIVITIES)).html.split('name="csrf" value="')[1][:64]
    await desk.donor.send(f"{central.url}{ACTIVITIES}/{path.rpartition('/')[2]}/cancel", {"csrf": csrf})
    _, after = await fetch(COMMUNITY)
    second = dict(read(after))
    assert (second["UID"], second["STATUS"], second["SEQUENCE"]) == (first["UID"], "CANCELLED", "1")
    assert b"VEVENT" not in (await fetch(NEIGHBOURS))[1]
    assert (await fetch("nowhere"))[0] == 404
