"""Only a known transmitter proves that a radio hears; when it falls silent that is a fault, not an empty hall."""

from math import log
from random import Random
from uuid import UUID

from beacon_gateway.radio.radio_wording import FAULTS, STEPS, hearing, recovering
from beacon_gateway.radio.recovery.ladder import Fault, Step
from beacon_gateway.radio.recovery.liveness import (
    FOREIGN_AFTER_S,
    FOREIGN_FOR_S,
    LOST_AFTER_S,
    NEVER_AFTER_S,
    Liveness,
    Proof,
    Transmitter,
    Verdict,
    merge,
)
from sync_contract.beacon_identity import BeaconId

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


def test_a_scan_that_tells_only_changes_can_lose_nothing_but_a_self_test_can() -> None:
    liveness = Liveness([TAG])
    liveness.heard(WALL, 0.0)
    waited = liveness.judge("hci0", 60.0, tells_presence=False)
    assert (waited.proof, waited.waited) == (Proof.not_proved, ("east gate",))
    assert "east gate was heard before" in hearing(waited)["en"]
    assert "以前收到过 east gate" in hearing(waited)["zh"]
    assert liveness.limit_s("hci0") == LOST_AFTER_S
    liveness.tested(since=61.0)
    assert liveness.judge("hci0", 74.0, tells_presence=False).lost == ("east gate",)
    liveness.heard(WALL, 80.0)
    assert liveness.judge("hci0", 80.0, tells_presence=False).proof is Proof.proved
    assert liveness.judge("hci0", 600.0, tells_presence=False).waited == ("east gate",), "heard since the test"


def test_a_self_test_from_before_our_advert_was_on_the_air_says_nothing_of_it() -> None:
    liveness = Liveness([own(100.0)])
    liveness.heard(OWN, 50.0)
    liveness.tested(since=90.0)
    assert liveness.judge("hci1", 200.0, tells_presence=False).waited == ("own advert",)
    assert liveness.limit_s("hci0") == 0.0


def test_what_was_never_heard_is_missed_once_the_scan_has_worked_for_long_enough() -> None:
    liveness = Liveness([TAG])
    assert liveness.judge("hci0", 1e6).never == (), "no scan works"
    assert liveness.judge("hci0", 100.0 + NEVER_AFTER_S - 1, listens_since=100.0).never == ()
    never = liveness.judge("hci0", 100.0 + NEVER_AFTER_S, listens_since=100.0)
    assert (never.proof, never.never) == (Proof.not_proved, ("east gate",))
    said = hearing(never)
    assert "not there, off, empty" in said["en"]
    assert "or the radio is deaf" in said["en"]
    assert "一次也没有收到过 east gate" in said["zh"]
    assert liveness.judge("hci0", 1e6, listens_since=100.0, elsewhere={"east gate"}).never == ()
    liveness.heard(WALL, 500.0)
    assert liveness.judge("hci0", 501.0, listens_since=100.0) == Verdict(("east gate",), (), 1)


def test_our_advert_is_missed_only_since_it_is_on_the_air() -> None:
    liveness = Liveness([own(1000.0)])
    assert liveness.judge("hci1", 1050.0, listens_since=0.0).never == ()
    assert liveness.judge("hci1", 1000.0 + NEVER_AFTER_S, listens_since=0.0).never == ("own advert",)
    assert liveness.judge("hci0", 1e6, listens_since=0.0).never == (), "a radio does not hear itself"


def ours(due: list[float | None]) -> Transmitter:
    return Transmitter(OWN, "own advert", lambda _: due[0], 0.1, own=True)


def looked_at(liveness: Liveness, since: float, until: float, heard_each_s: float | None) -> list[float]:
    """Once a second; when another transmitter of our identity is told."""
    told, at = [], since
    while at < until:
        if heard_each_s and at % heard_each_s == 0:
            liveness.heard(OWN, at)
        if liveness.judge("hci0", at).foreign:
            told.append(at)
        at += 1.0
    return told


def test_our_identity_heard_by_the_adapter_that_sends_it_is_anothers() -> None:
    liveness = Liveness([ours([None])])
    told = looked_at(liveness, 0.0, 300.0, heard_each_s=1.0)
    assert FOREIGN_AFTER_S < told[0] < FOREIGN_AFTER_S + 10
    assert told == [told[0] + n for n in range(len(told))]
    verdict = liveness.judge("hci0", 300.0)
    assert (verdict.by, verdict.due, verdict.foreign) == ((), 0, ("own advert",)), "it proves nothing"
    assert "Another device sends our identity (own advert)" in hearing(verdict)["en"]
    assert "别的设备在用本站的编号" in hearing(verdict)["zh"]
    assert verdict.describe()["foreign"] == ["own advert"]
    assert liveness.foreign == {OWN}
    assert looked_at(liveness, 301.0, 500.0, heard_each_s=None)[-1] < 300.0 + FOREIGN_FOR_S


def test_adverts_of_ours_that_were_under_way_when_it_ended_are_nobody_elses() -> None:
    due: list[float | None] = [0.0]
    liveness = Liveness([ours(due)])
    assert looked_at(liveness, 0.0, 100.0, heard_each_s=1.0) == []
    due[0] = None
    assert looked_at(liveness, 100.0, 100.0 + FOREIGN_AFTER_S - 1, heard_each_s=1.0) == []
    assert looked_at(liveness, 100.0 + FOREIGN_AFTER_S, 400.0, heard_each_s=None) == []


def test_renewals_of_our_advert_for_a_whole_day_tell_of_nobody_else() -> None:
    """Off the air for 20 s in each minute, and heard all the while: the advertiser learns late."""
    due: list[float | None] = [0.0]
    liveness, told = Liveness([ours(due)]), []
    for minute in range(24 * 60):
        due[0] = None
        told += looked_at(liveness, minute * 60.0, minute * 60.0 + 20, heard_each_s=1.0)
        due[0] = minute * 60.0 + 20
        told += looked_at(liveness, minute * 60.0 + 20, minute * 60.0 + 60, heard_each_s=1.0)
    assert told == []


def test_a_tag_on_the_wall_is_never_ours() -> None:
    liveness = Liveness([Transmitter(OWN, "tag", lambda _: None)])
    assert looked_at(liveness, 0.0, 300.0, heard_each_s=1.0) == []


def test_what_one_adapter_hears_is_not_lost() -> None:
    merged = merge([Verdict(("east gate",), (), 2), Verdict((), ("east gate", "west gate"), 2)])
    assert merged == Verdict(("east gate",), ("west gate",), 2)
    assert merged.proof is Proof.proved
    assert "west gate, heard until now, is not heard" in hearing(merged)["en"]
    assert merge([]).proof is Proof.not_proved


def test_what_one_adapter_has_heard_once_was_heard() -> None:
    never, waits = Verdict((), (), 1, never=("east gate",)), Verdict((), (), 1, waited=("east gate",))
    assert merge([never, never]).never == ("east gate",)
    assert merge([never, waits]) == Verdict((), (), 1, waited=("east gate",))
    assert merge([never, Verdict((), ("east gate",), 1)]) == Verdict((), ("east gate",), 1)
    clone = Verdict((), (), 0, foreign=("own advert",), own=frozenset({"own advert"}))
    assert merge([never, clone]).foreign == ("own advert",)


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
