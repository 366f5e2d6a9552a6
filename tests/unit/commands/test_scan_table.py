"""What the table and the lines of `scan` say of batteries, and what the radio asks a person to do."""

from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from beacon_gateway.commands.scan_table import plain_rows, table
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decide import Decide
from beacon_gateway.presence.explain.listening import Listening
from beacon_gateway.presence.rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.tracker import Tracker
from beacon_gateway.radio.batteries import Batteries
from beacon_gateway.radio.choose import Radios
from beacon_gateway.radio.words import FILTERED
from sync_contract.beacon import BeaconId
from tests.unit.presence.people import frame, person, place

WALL, CARD = place(1), person(2)
BATTERY = "0000180f-0000-1000-8000-00805f9b34fb"


class Radio:
    """`filtered`: its controller filters duplicates."""

    name = "bluez"

    def __init__(self, batteries: Batteries, *, filtered: bool = False) -> None:
        self._batteries, self._filtered = batteries, filtered

    async def hear(self, tell: Callable[[Sighting], None]) -> None: ...

    def describe(self) -> dict[str, object]:
        words = FILTERED if self._filtered else None
        return {
            "state": "hearing",
            "batteries": self._batteries.describe(1.0),
            "adapters": {"hci0": {"delivery": {"words": words}}},
        }


def said(*told: tuple[BeaconId, bytes], filtered: bool = False, batteries: Batteries | None = None) -> tuple[str, str]:
    """The table on a terminal of 120 columns, and the lines."""
    known = batteries or Batteries([WALL, CARD])
    for heard, octets in told:
        known.hear(heard, {BATTERY: octets}, 1.0)
    decide = Decide(Tracker([WALL, CARD], PresenceRules()), Choice(ChoiceRules()), Trace(()), dict)
    listening = Listening((WALL, CARD), decide, {}, strangers=False, at=0.0)
    for beacon in (WALL, CARD):
        listening.hear(frame(beacon, -55, 0.9))
    radios = Radios(Radio(known, filtered=filtered), None, known)
    screen = StringIO()
    Console(width=120, file=screen).print(table(listening, decide.chosen, radios, 1.0, 1.0))
    return screen.getvalue(), plain_rows(listening, decide.chosen, radios, 1.0, 1.0)


def test_without_telemetry_nothing_is_said_of_batteries() -> None:
    for text in said():
        assert "battery" not in text
        assert "电池" not in text


@pytest.mark.parametrize(("octets", "words"), [(b"\x57", "87 %"), (b"\x0c", "12 % 低 low")])
def test_a_battery_stands_in_the_row_and_a_low_one_is_marked(octets: bytes, words: str) -> None:
    on_screen, lines = said((WALL.id, octets), (CARD.id, octets))
    assert on_screen.count(words) == 2
    assert lines.count(f"电池 battery {words}") == 2
    assert CARD.label in on_screen  # for the one who stands there
    assert CARD.label not in lines  # which may be kept


def test_low_batteries_and_a_filtering_controller_are_said_with_the_remedy() -> None:
    for text in said((WALL.id, b"\x05"), (CARD.id, b"\x05"), filtered=True):
        flat = " ".join(text.split())
        assert f"please change them: {WALL.label}, a tag of class {CARD.tag_class}" in flat
        assert "Experimental = true" in flat
        assert "电池快用完了" in flat


def test_a_radio_without_batteries_is_shown_too() -> None:
    known = Batteries()
    assert all("dBm" in text for text in said(batteries=known))
