"""The lines that describe the radio's status in the terminal."""

import json
import re
from dataclasses import replace

import pytest

from beacon_gateway.commands.radio_wording import ADVERTS, MODES, STATES, STEPS, radio_sentences
from beacon_gateway.model.radio_status import (
    AdapterStatus,
    AdvertRefusal,
    AdvertStatus,
    BatteryStatus,
    ClassBatteries,
    DeliveredAdverts,
    DeliveryStatus,
    HeardAdvert,
    IdentityStatus,
    LivenessStatus,
    PlaceBattery,
    RadioStatus,
    RecoveryStatus,
    RecoveryStep,
    RefusalReason,
)
from beacon_gateway.radio.radio_wording import FILTERED, PASSIVE_GIVEN_UP, word_batteries, word_recovery
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from beacon_gateway.radio.simulated_radio import SimulatedScanner
from beacon_gateway.radio.status_json import read_advert_status, read_radio_status, to_json
from beacon_gateway.simulation.demo import build_demo_room
from tests.unit.beacon_gateway.presence.people import place

WALL = place(1)
BATTERIES = BatteryStatus((PlaceBattery(str(WALL.id), "wall", True, 1.0),), {"card": ClassBatteries(2, 1)})


def describe(radio: RadioStatus, advert: AdvertStatus | None = None) -> str:
    """The lines, after the way of both statuses through the JSON of /healthz."""
    radio_json, advert_json = (json.loads(json.dumps(to_json(each))) for each in (radio, advert or AdvertStatus()))
    return "\n".join(radio_sentences(read_radio_status(radio_json), read_advert_status(advert_json)))


def test_a_radio_that_has_just_started_names_its_state_and_what_is_not_proved() -> None:
    lines = describe(MergedScanner((), ScanOptions(transmitters=[Transmitter(WALL.id, WALL.label)])).read_status())
    assert "正在启动 starting" in lines
    assert "无法证明接收正常" in lines
    assert "Hearing is not proved" in lines


def test_a_simulated_radio_is_described_as_one() -> None:
    assert "模拟的蓝牙" in describe(SimulatedScanner(build_demo_room((WALL,), None), seed=1).read_status())


@pytest.mark.parametrize("state", [*STATES])
def test_each_state_is_described_in_both_languages(state: str) -> None:
    line = describe(RadioStatus(state, adapters={"hci0": AdapterStatus(state)})).splitlines()[0]
    assert STATES[state] in line
    assert line.endswith("(hci0)")
    assert any("一" <= letter <= "鿿" for letter in STATES[state])
    assert any(letter.isascii() and letter.isalpha() for letter in STATES[state])


def test_a_fault_of_one_adapter_is_described_with_the_last_step() -> None:
    recovery = RecoveryStatus("hci1", "off", step=RecoveryStep.ask_a_person)
    radio = RadioStatus(
        "hearing",
        liveness=LivenessStatus(lost=(WALL.label,), expected=1),
        adapters={"hci0": AdapterStatus("hearing"), "hci1": AdapterStatus("off", recovery=recovery)},
    )
    lines = describe(radio)
    assert "is not heard any more" in lines
    assert f"hci1: {STATES['off']}" in lines
    assert f"hci0: {STATES['hearing']}" in lines
    words = word_recovery(recovery)
    assert words is not None
    assert words["zh"] in lines
    assert words["en"] in lines


def test_each_adapter_has_its_mode_and_delivery_and_batteries_appear_once() -> None:
    first = AdapterStatus(
        "hearing",
        mode="active",
        passive_given_up="not_supported",
        delivery=DeliveryStatus(DeliveredAdverts.once_a_scan),
    )
    second = AdapterStatus("listening", mode="passive")
    lines = describe(RadioStatus("hearing", batteries=BATTERIES, adapters={"hci0": first, "hci1": second}))
    assert f"hci0: {STATES['hearing']}; {MODES['active']}" in lines
    assert f"hci1: {STATES['listening']}; {MODES['passive']}" in lines
    for words in (PASSIVE_GIVEN_UP["not_supported"], FILTERED, word_batteries(BATTERIES)):
        assert words is not None
        assert lines.count(words["zh"]) == lines.count(words["en"]) == 1


def test_the_steps_taken_are_listed_while_a_fault_continues() -> None:
    taken = dict.fromkeys(RecoveryStep, 1)
    recovery = RecoveryStatus("hci0", "deaf", "wall", RecoveryStep.ask_a_person, next_step_in_s=480.0, taken=taken)
    radio = RadioStatus("listening", adapters={"hci0": AdapterStatus("listening", recovery=recovery)})
    ladder_line = next(line for line in describe(radio).splitlines() if "ladder" in line)
    for step in RecoveryStep:
        assert f"{STEPS[step]} ×1" in ladder_line
    assert re.search(r"next in 480 s$", ladder_line)
    healthy = AdapterStatus("hearing", recovery=replace(recovery, fault=None))
    assert "ladder" not in describe(RadioStatus("hearing", adapters={"hci0": healthy}))


def test_a_refused_advert_is_described_with_the_reason() -> None:
    refusal = AdvertRefusal(RefusalReason.no_free_set, "hci0", "Maximum advertisements reached")
    refused = IdentityStatus("refused", str(WALL.id), refusal=refusal, off_air_s=600.0, asks_a_person=True)
    advert = AdvertStatus("refused", identities=(refused, IdentityStatus("on_air")))
    lines = describe(RadioStatus("hearing"), advert)
    assert ADVERTS["refused"] in lines
    assert "本站广播没有发出,已有 10 分钟:适配器 hci0 放不下更多广播。请拔插适配器" in lines
    assert "not been on the air for 10 min: adapter hci0 has no free advertisement set" in lines
    assert lines.count(str(WALL.id)) == 1
    assert "adapter hci0 has no free advertisement set" in str(to_json(advert))


@pytest.mark.parametrize("state", [*ADVERTS])
def test_each_state_of_the_advert_is_described_in_both_languages(state: str) -> None:
    line = describe(RadioStatus("hearing"), AdvertStatus(state)).splitlines()[-1]
    assert line == f"本站广播 own advert: {ADVERTS[state]}"
    assert any("一" <= letter <= "鿿" for letter in ADVERTS[state])
    assert any(letter.isascii() and letter.isalpha() for letter in ADVERTS[state])


def test_the_json_of_another_version_has_an_unknown_state() -> None:
    assert read_radio_status({"state": 1, "adapters": []}) == RadioStatus("unknown")
    assert read_advert_status([]) == AdvertStatus("unknown")


def test_an_unknown_state_is_printed_as_it_is() -> None:
    assert "levitating" in describe(RadioStatus("levitating"))
    assert describe(RadioStatus()).startswith("无线接收 radio:")


def test_an_advert_without_a_second_adapter_is_not_proved_and_with_one_has_its_measured_rate() -> None:
    alone = IdentityStatus("on_air", str(WALL.id), interval_ms=100)
    lines = describe(RadioStatus("hearing"), AdvertStatus("on_air", identities=(alone,)))
    assert "not proved: no other adapter receives it" in lines
    proved = replace(alone, heard=HeardAdvert("hci1", 9.4, 105))
    lines = describe(RadioStatus("hearing"), AdvertStatus("on_air", identities=(proved,)))
    assert "proved, hci1: 9.4/s, 间隔 interval 105 ms (设定 set 100 ms)" in lines
