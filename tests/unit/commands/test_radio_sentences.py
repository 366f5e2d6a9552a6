"""What staff read of the radio, from what the radio's own parts say of themselves."""

import pytest

from beacon_gateway.commands.radio_sentences import ADVERTS, STATES, radio_sentences
from beacon_gateway.radio.liveness import Transmitter, Verdict
from beacon_gateway.radio.merged import MergedScanner
from beacon_gateway.radio.simulated import SimulatedScanner
from beacon_gateway.radio.words import hearing
from beacon_gateway.simulation.demo import demo_room
from tests.unit.presence.people import place

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
    assert f"hci0: {STATES['hearing']}" not in lines


def test_a_refused_advert_says_what_was_refused() -> None:
    advert = {"state": "refused", "identities": [{"beacon": str(WALL.id), "refused": "too many adverts"}]}
    lines = told({"state": "hearing"}, advert)
    assert ADVERTS["refused"] in lines
    assert "too many adverts" in lines


def test_what_is_not_known_is_told_as_it_is() -> None:
    assert "levitating" in told({"state": "levitating"})
    assert told({}).startswith("无线接收 radio:")
