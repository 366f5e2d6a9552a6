"""Tests of the table and the lines of `scan`."""

from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from beacon_gateway.commands.radio_wording import MODES, STATES, STEPS
from beacon_gateway.commands.scan_table import build_table, word_rows
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.model.radio_status import (
    AdapterStatus,
    DeliveredAdverts,
    DeliveryStatus,
    LivenessStatus,
    RadioStatus,
    RecoveryStatus,
    RecoveryStep,
)
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decision_engine import DecisionEngine
from beacon_gateway.presence.explain.live_table import Listening
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.radio.radio_factory import Radios
from beacon_gateway.radio.radio_wording import word_recovery
from beacon_gateway.radio.scan.battery_levels import BatteryLevels
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from tests.unit.beacon_gateway.presence.people import frame, person, place

WALL, CARD = place(1), person(2)
BATTERY = "0000180f-0000-1000-8000-00805f9b34fb"


class FakeRadio:
    """A scanner with a given status."""

    name = "bluez"

    def __init__(self, status: RadioStatus) -> None:
        self._status = status

    async def hear(self, on_sighting: Callable[[Sighting], None]) -> None: ...

    def read_status(self) -> RadioStatus:
        return self._status


def render(
    *batteries_heard: tuple[BeaconId, bytes],
    filtered: bool = False,
    batteries: BatteryLevels | None = None,
    status: RadioStatus | None = None,
    own: Beacon | None = None,
    wall_announces_dbm: int = WALL.measured_power,
) -> tuple[str, str]:
    """Return the table at 120 columns, and the lines. `own`: our own advert, which is not received."""
    known = batteries or BatteryLevels([WALL, CARD])
    for beacon_id, data in batteries_heard:
        known.record(beacon_id, {BATTERY: data}, 1.0)
    beacons = (WALL, CARD, own) if own else (WALL, CARD)
    decide = DecisionEngine(Tracker(beacons, PresenceRules()), Choice(ChoiceRules()), Trace(()), dict)
    listening = Listening(beacons, decide, {}, strangers=False, at=0.0)
    for beacon in (WALL, CARD):
        announced = wall_announces_dbm if beacon is WALL else CARD.measured_power
        listening.hear(frame(beacon, -55, 0.9)._replace(measured_power=announced))
    delivery = DeliveryStatus(DeliveredAdverts.once_a_scan) if filtered else None
    hci0 = AdapterStatus("hearing", mode="active", delivery=delivery)
    usual = RadioStatus("hearing", batteries=known.read_status(1.0), adapters={"hci0": hci0})
    radios = Radios(FakeRadio(status or usual), None, known)
    screen = StringIO()
    Console(width=120, file=screen).print(build_table(listening, decide.chosen, radios, 1.0, 1.0))
    return screen.getvalue(), word_rows(listening, decide.chosen, radios, 1.0, 1.0)


def test_the_head_shows_the_proof_of_reception_and_each_adapter_with_its_fault() -> None:
    taken = {RecoveryStep.new_scanner: 1}
    recovery = RecoveryStatus("hci1", "transmitter_lost", "wall", RecoveryStep.new_scanner, False, 14.0, taken)
    hci0 = AdapterStatus("hearing", mode="active")
    hci1 = AdapterStatus("listening", mode="passive", recovery=recovery)
    status = RadioStatus("hearing", liveness=LivenessStatus(), adapters={"hci0": hci0, "hci1": hci1})
    words = word_recovery(recovery)
    assert words is not None
    for text in render(status=status):
        flat = " ".join(text.split())
        assert "Hearing is not proved" in flat
        assert "A deaf radio and an empty hall then look the same." in flat
        assert f"hci0: {STATES['hearing']}; {MODES['active']}" in flat
        assert f"hci1: {STATES['listening']}; {MODES['passive']}" in flat
        assert words["en"] in flat
        assert f"{STEPS[RecoveryStep.new_scanner]} ×1; 下一步 next in 14 s" in flat


def test_the_own_advert_that_a_scan_does_not_send_is_no_fault() -> None:
    on_screen, lines = render(own=Beacon(place(9).id, BeaconKind.place, "own advert", own=True))
    assert "本站广播 own advert" in on_screen
    assert "不发 not sent" in on_screen
    assert "本站广播 own advert: scan 自己不发广播,收不到不是故障 scan sends no advert" in lines
    assert "收不到 not received" not in on_screen + lines


def test_a_power_that_a_beacon_announces_is_shown_and_one_that_differs_from_the_settings_warns() -> None:
    on_screen, lines = render()
    assert "自报 announced -59, 设置 set -59 dBm" in lines
    assert "please calibrate" not in on_screen + lines
    for text in render(wall_announces_dbm=-71):
        flat = " ".join(text.split())
        assert "announces -71 dBm, 设置是 the settings have -59 dBm" in flat
        assert "please calibrate" in flat


def test_distance_and_reason_show_their_time() -> None:
    on_screen, lines = render()
    assert "it lags behind the zone" in on_screen
    assert "平滑距离 smoothed 0.7 m" in lines
    for text in (on_screen, lines):
        assert "换屏时 why then: 附近没有信标" in text
        assert "no beacon is near" in text


def test_without_telemetry_there_is_no_battery() -> None:
    for text in render():
        assert "battery" not in text
        assert "电池" not in text


@pytest.mark.parametrize(("data", "text"), [(b"\x57", "87 %"), (b"\x0c", "12 % 低 low")])
def test_the_row_shows_the_battery_and_marks_a_low_one(data: bytes, text: str) -> None:
    on_screen, lines = render((WALL.id, data), (CARD.id, data))
    assert on_screen.count(text) == 2
    assert lines.count(f"电池 battery {text}") == 2
    assert CARD.label in on_screen  # for a person on site
    assert CARD.label not in lines  # which may be stored


def test_low_batteries_and_a_filtering_controller_are_shown_with_the_remedy() -> None:
    for text in render((WALL.id, b"\x05"), (CARD.id, b"\x05"), filtered=True):
        flat = " ".join(text.split())
        assert f"please change them: {WALL.label}, a tag of class {CARD.tag_class}" in flat
        assert "Experimental = true" in flat
        assert "电池快用完了" in flat


def test_a_radio_without_batteries_is_shown() -> None:
    known = BatteryLevels()
    assert all("dBm" in text for text in render(batteries=known))
