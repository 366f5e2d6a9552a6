"""When messages are sent: by day, before they are useless, and again after a failure."""

from datetime import datetime, timedelta

from sync_contract.permit import OFFICIAL_TIME
from volunteering.rules.message_times import due_at, next_daytime, next_try, reminder_at


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-12-{text}").replace(tzinfo=OFFICIAL_TIME)


def test_messages_wait_for_the_morning_unless_that_is_too_late() -> None:
    for now, expected in (
        ("30 07:29", "30 07:30"),
        ("30 07:30", "30 07:30"),
        ("30 21:29", "30 21:29"),
        ("30 21:30", "31 07:30"),
        ("31 00:00", "31 07:30"),
    ):
        assert next_daytime(at(now), OFFICIAL_TIME) == at(expected), now
    for now, needed_by, expected in (
        ("30 23:00", "31 09:00", "31 07:30"),
        ("30 23:00", "31 08:30", "31 07:30"),
        ("30 23:00", "31 08:29", "30 23:00"),
        ("30 12:00", "30 12:05", "30 12:00"),
    ):
        assert due_at(at(now), at(needed_by), OFFICIAL_TIME) == at(expected), (now, needed_by)
    assert reminder_at(at("31 00:30"), OFFICIAL_TIME) == at("30 18:00")
    assert reminder_at(at("31 23:30"), OFFICIAL_TIME) == at("30 18:00"), "the day in China counts"


def test_the_pauses_between_tries_grow_to_a_quarter_of_an_hour() -> None:
    waits = [next_try(tries, at("30 12:00")) - at("30 12:00") for tries in (1, 2, 3, 6, 400)]
    assert waits == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 900, 900)]
