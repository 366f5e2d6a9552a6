"""Write events as an iCalendar file (RFC 5545): times in UTC, lines of 75 bytes at most, CRLF."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

TYPE = "text/calendar"
_MAX_BYTES = 75


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """`id`: hex digits of a UUID, the same in every file. `revised_at`: when it was written. `url`: of its page."""

    id: str
    revised_at: datetime
    starts: datetime
    ends: datetime
    title: str
    place: str
    about: str
    url: str
    cancelled: bool


def calendar_file(name: str, events: Iterable[CalendarEvent]) -> bytes:
    """Return the file in UTF-8. A cancelled event stays, with its state, so that calendars strike it out."""
    return b"".join(_fold(line) for line in _lines(name, events))


def _lines(name: str, events: Iterable[CalendarEvent]) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//beacon-central//volunteers//EN", "CALSCALE:GREGORIAN")
    yield f"X-WR-CALNAME:{_escape(name)}"
    yield "REFRESH-INTERVAL;VALUE=DURATION:PT1H"
    for event in events:
        yield from ("BEGIN:VEVENT", f"UID:{UUID(hex=event.id)}", f"DTSTAMP:{_time(event.revised_at)}")
        yield from (f"DTSTART:{_time(event.starts)}", f"DTEND:{_time(event.ends)}")
        yield from (f"SUMMARY:{_escape(event.title)}", f"LOCATION:{_escape(event.place)}")
        if event.about:
            yield f"DESCRIPTION:{_escape(event.about)}"
        yield f"URL:{event.url}"
        yield from ("STATUS:CANCELLED", "SEQUENCE:1") if event.cancelled else ("STATUS:CONFIRMED", "SEQUENCE:0")
        yield "END:VEVENT"
    yield "END:VCALENDAR"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escape(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\n", "\\n")


def _fold(line: str) -> bytes:
    """Divide a long line between characters, never within one; each further line begins with a space."""
    folded, size = bytearray(), 0
    for letter in line:
        encoded = letter.encode()
        if size + len(encoded) > _MAX_BYTES:
            folded += b"\r\n "
            size = 1
        folded += encoded
        size += len(encoded)
    return bytes(folded + b"\r\n")
