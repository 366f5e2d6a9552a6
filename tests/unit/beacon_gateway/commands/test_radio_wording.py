"""What staff read of the radio, from what the radio's own parts say of themselves."""

import re

import pytest

from beacon_gateway.commands.radio_wording import ADVERTS, MODES, STATES, STEPS, radio_sentences
from beacon_gateway.radio.advertise.advert_wording import off_air
from beacon_gateway.radio.radio_wording import FILTERED, NO_PASSIVE, batteries_low, hearing
from beacon_gateway.radio.recovery.ladder import Fault, Ladder, Step
from beacon_gateway.radio.recovery.liveness import Transmitter, Verdict
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.simulated import SimulatedScanner
from beacon_gateway.simulation.demo import demo_room
from tests.unit.beacon_gateway.presence.people import place

WALL = place(1)


def told(radio: object, advert: object = None) -> str:
    return "\n".join(radio_sentences({"radio": radio, "advert": advert or {"state": "off"}}))


def test_a_radio_that_has_just_begun_says_what_it_is_and_what_it_cannot_prove() -> None:
    lines = told(MergedScanner((), transmitters=[Transmitter(WALL.id, WALL.label)]).describe())
    assert "正在启动 starting" in lines
    assert "无法证明接收正常" in lines
    assert "Hearing is not proved" in lines


def test_a_simulated_radio_is_never_taken_for_a_real_one() -> None:
    assert "模拟的无线电" in told(SimulatedScanner(demo_room((WALL,), None), seed=1).describe())


@pytest.mark.parametrize("state", [*STATES])
def test_each_state_is_told_in_both_languages(state: str) -> None:
    line = told({"state": state, "adapters": {"hci0": {"state": state}}}).splitlines()[0]
    assert STATES[state] in line
    assert line.endswith("(hci0)")
    assert any("一" <= letter <= "鿿" for letter in STATES[state])
    assert any(letter.isascii() and letter.isalpha() for letter in STATES[state])


def test_a_fault_of_one_adapter_is_told_with_what_was_done_about_it() -> None:
    verdict = Verdict((), (WALL.label,), 1)
    recovery = {"words": {"zh": "故障:hci1 被关掉了。", "en": "Fault: hci1 is switched off."}}
    radio = {
        "state": "hearing",
        "liveness": {"words": hearing(verdict)},
        "adapters": {"hci0": {"state": "hearing"}, "hci1": {"state": "off", "recovery": recovery}},
    }
    lines = told(radio)
    assert "is not heard any more" in lines
    assert f"hci1: {STATES['off']}" in lines
    assert "故障:hci1 被关掉了。" in lines
    assert f"hci0: {STATES['hearing']}" in lines


def test_each_adapter_says_how_it_scans_and_what_it_is_not_told_and_batteries_are_said_once() -> None:
    radio = {
        "state": "hearing",
        "batteries": {"words": batteries_low(["wall"], ["card"])},
        "adapters": {
            "hci0": {"state": "hearing", "mode": "active", "mode_words": NO_PASSIVE, "delivery": {"words": FILTERED}},
            "hci1": {"state": "listening", "mode": "passive"},
        },
    }
    lines = told(radio)
    assert f"hci0: {STATES['hearing']}; {MODES['active']}" in lines
    assert f"hci1: {STATES['listening']}; {MODES['passive']}" in lines
    for words in (NO_PASSIVE, FILTERED, batteries_low(["wall"], ["card"])):
        assert lines.count(words["zh"]) == lines.count(words["en"]) == 1


def test_how_far_the_ladder_is_climbed_is_told_while_a_fault_lasts() -> None:
    ladder = Ladder()
    fault = Fault("deaf", tuple(Step), "wall")
    at = 0.0
    for _ in tuple(Step):
        assert ladder.climb(at, fault)
        at += 100_000
    told_of = {"recovery": {**ladder.describe(at - 100_000), "words": {"zh": "故障", "en": "Fault"}}}
    lines = told({"state": "listening", "adapters": {"hci0": {"state": "listening", **told_of}}})
    ladder_line = next(line for line in lines.splitlines() if "ladder" in line)
    for step in Step:
        assert f"{STEPS[step]} ×1" in ladder_line
    assert re.search(r"next in [1-9][0-9]* s$", ladder_line)
    healthy = {"recovery": Ladder().describe(0.0) | {"words": None}}
    assert "ladder" not in told({"state": "hearing", "adapters": {"hci0": {"state": "hearing", **healthy}}})


def test_a_refused_advert_says_what_was_refused() -> None:
    refused = {"zh": "适配器 hci0 放不下更多广播", "en": "adapter hci0 has no free advertisement set"}
    identity = {"beacon": str(WALL.id), "words": off_air("refused", 600.0, refused)}
    lines = told({"state": "hearing"}, {"state": "refused", "identities": [identity, {"words": None}]})
    assert ADVERTS["refused"] in lines
    assert "本站广播没有发出,已有 10 分钟:适配器 hci0 放不下更多广播。请拔插适配器" in lines
    assert "not been on the air for 10 min: adapter hci0 has no free advertisement set. Please replug" in lines
    assert lines.count(str(WALL.id)) == 1


@pytest.mark.parametrize("state", [*ADVERTS])
def test_each_state_of_the_advert_is_told_in_both_languages(state: str) -> None:
    line = told({"state": "hearing"}, {"state": state}).splitlines()[-1]
    assert line == f"本站广播 own advert: {ADVERTS[state]}"
    assert any("一" <= letter <= "鿿" for letter in ADVERTS[state])
    assert any(letter.isascii() and letter.isalpha() for letter in ADVERTS[state])


def test_what_is_not_known_is_told_as_it_is() -> None:
    assert "levitating" in told({"state": "levitating"})
    assert told({}).startswith("无线接收 radio:")
