"""Only a known transmitter proves that a radio hears; when it falls silent that is a fault, not an empty hall."""

from math import log
from random import Random
from uuid import UUID

from beacon_gateway.radio.ladder import Fault, Step
from beacon_gateway.radio.liveness import LOST_AFTER_S, Liveness, Proof, Transmitter, Verdict, merge
from beacon_gateway.radio.words import FAULTS, STEPS, hearing, recovering
from sync_contract.beacon import BeaconId

WALL = BeaconId(UUID(int=1), 1, 1)
OWN = BeaconId(UUID(int=1), 1, 2)
TAG = Transmitter(WALL, "east gate")


def own(since: float | None, interval_s: float = 0.1) -> Transmitter:
    """Our own advert, sent by hci0."""
    return Transmitter(OWN, "own advert", lambda adapter: None if adapter == "hci0" else since, interval_s)


def test_without_a_known_transmitter_nothing_is_proved_and_it_is_said_why_that_matters() -> None:
    verdict = Liveness([]).judge("hci0", 5.0)
    assert verdict == Verdict((), (), 0)
    assert verdict.proof is Proof.not_proved
    said = hearing(verdict)
    assert "empty hall then look the same" in said["en"]
    assert "分不清是没有人还是接收坏了" in said["zh"]


def test_a_wall_beacon_proves_it_as_long_as_it_is_heard_and_is_missed_within_15_seconds() -> None:
    liveness = Liveness([TAG])
    assert liveness.judge("hci0", 100.0).proof is Proof.not_proved
    assert "no known beacon has been heard yet" in hearing(liveness.judge("hci0", 100.0))["en"]
    liveness.heard(WALL, 100.0)
    assert liveness.judge("hci0", 101.0) == Verdict(("east gate",), (), 1)
    assert liveness.judge("hci0", 100.0 + LOST_AFTER_S - 0.1).proof is Proof.proved
    lost = liveness.judge("hci0", 100.0 + LOST_AFTER_S)
    assert (lost.proof, lost.lost) == (Proof.lost, ("east gate",))
    assert LOST_AFTER_S + 1 <= 15
    assert "not an empty hall" in hearing(lost)["en"]
    liveness.heard(WALL, 200.0)
    assert liveness.judge("hci0", 200.0).proof is Proof.proved


def test_an_unknown_beacon_proves_nothing() -> None:
    liveness = Liveness([TAG])
    liveness.heard(OWN, 1.0)
    assert liveness.judge("hci0", 1.0).proof is Proof.not_proved


def test_the_adapter_that_sends_our_advert_is_not_asked_to_hear_it() -> None:
    sender, other = Liveness([own(0.0)]), Liveness([own(0.0)])
    other.heard(OWN, 1.0)
    assert sender.judge("hci0", 2.0) == Verdict((), (), 0)
    assert other.judge("hci1", 2.0).proof is Proof.proved


def test_our_own_advert_is_not_missed_while_it_is_off_nor_just_after_it_came_back() -> None:
    since: list[float | None] = [0.0]
    liveness = Liveness([Transmitter(OWN, "own advert", lambda _: since[0])])
    liveness.heard(OWN, 1.0)
    since[0] = None
    assert liveness.judge("hci1", 100.0) == Verdict((), (), 0)
    since[0] = 100.0
    assert liveness.judge("hci1", 105.0).lost == ()
    assert liveness.judge("hci1", 100.0 + LOST_AFTER_S).lost == ("own advert",)


def test_an_advert_that_is_sent_seldom_is_given_its_time() -> None:
    liveness = Liveness([own(0.0, interval_s=10.24)])
    liveness.heard(OWN, 0.0)
    assert liveness.judge("hci1", 40.0).proof is Proof.proved
    assert liveness.judge("hci1", 41.0).proof is Proof.lost


def test_a_scan_that_tells_only_changes_can_lose_nothing() -> None:
    liveness = Liveness([TAG])
    liveness.heard(WALL, 0.0)
    assert liveness.judge("hci0", 60.0, tells_presence=False).proof is Proof.not_proved


def test_what_one_adapter_hears_is_not_lost() -> None:
    merged = merge([Verdict(("east gate",), (), 2), Verdict((), ("east gate", "west gate"), 2)])
    assert merged == Verdict(("east gate",), ("west gate",), 2)
    assert merged.proof is Proof.proved
    assert "west gate, heard until now, is not heard" in hearing(merged)["en"]
    assert merge([]).proof is Proof.not_proved


def test_a_month_of_lost_packets_brings_no_false_alarm() -> None:
    """A tag that sends once a second, of which one frame in five is lost."""
    draw, loss, month_s = Random(7), 0.2, 30 * 86_400
    liveness, at, alarms = Liveness([TAG]), 0, 0
    liveness.heard(WALL, 0.0)
    while at < month_s:
        at += 1 + int(log(draw.random()) / log(loss))
        alarms += liveness.judge("hci0", at - 0.01).proof is Proof.lost
        liveness.heard(WALL, float(at))
    assert alarms == 0


def test_every_fault_and_step_has_words_in_two_languages() -> None:
    for name in FAULTS:
        for step in (None, *STEPS):
            said = recovering("hci0", Fault(name, tuple(Step), "east gate"), step)
            assert said["en"].isascii()
            assert said["zh"].startswith("故障")
    assert set(STEPS) == set(Step)
