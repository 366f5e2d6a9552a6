"""Liveness: what known transmitters prove of a radio, and the sentences about it."""

from math import log
from random import Random
from uuid import UUID

import pytest

from beacon_gateway.model.radio_status import LivenessStatus, Proof, RecoveryStatus, RecoveryStep
from beacon_gateway.radio.radio_wording import FAULTS, STEPS, word_liveness, word_recovery
from beacon_gateway.radio.recovery.liveness import Liveness, Transmitter, merge_liveness
from beacon_gateway.radio.timings import DEFAULT_TIMINGS
from sync_contract.beacon_identity import BeaconId

WALL = BeaconId(UUID(int=1), 1, 1)
OWN = BeaconId(UUID(int=1), 1, 2)
TAG = Transmitter(WALL, "east gate")
LOST_S, NEVER_S = DEFAULT_TIMINGS.lost_after_s, DEFAULT_TIMINGS.never_after_s
FOREIGN_AFTER_S, FOREIGN_FOR_S = DEFAULT_TIMINGS.foreign_after_s, DEFAULT_TIMINGS.foreign_for_s


def own_advert(since: float | None, interval_s: float = 0.1) -> Transmitter:
    """Our own advert, sent by hci0."""
    return Transmitter(OWN, "own advert", lambda adapter: None if adapter == "hci0" else since, interval_s)


def test_without_a_known_transmitter_nothing_is_proved_and_the_sentence_says_why_that_matters() -> None:
    status = Liveness([]).judge("hci0", 5.0)
    assert status == LivenessStatus()
    assert status.proof is Proof.not_proved
    words = word_liveness(status)
    assert "empty hall then look the same" in words["en"]
    assert "分不清是没有人还是接收坏了" in words["zh"]


def test_a_wall_beacon_is_a_proof_while_it_is_received_and_lost_within_15_seconds() -> None:
    liveness = Liveness([TAG])
    assert liveness.judge("hci0", 100.0).proof is Proof.not_proved
    assert "no known beacon has been heard yet" in word_liveness(liveness.judge("hci0", 100.0))["en"]
    liveness.record(WALL, 100.0)
    assert liveness.judge("hci0", 101.0) == LivenessStatus(("east gate",), (), 1)
    assert liveness.judge("hci0", 100.0 + LOST_S - 0.1).proof is Proof.proved
    lost = liveness.judge("hci0", 100.0 + LOST_S)
    assert (lost.proof, lost.lost) == (Proof.lost, ("east gate",))
    assert LOST_S + 1 <= 15
    assert "not an empty hall" in word_liveness(lost)["en"]
    liveness.record(WALL, 200.0)
    assert liveness.judge("hci0", 200.0).proof is Proof.proved


def test_an_unknown_beacon_proves_nothing() -> None:
    liveness = Liveness([TAG])
    liveness.record(OWN, 1.0)
    assert liveness.judge("hci0", 1.0).proof is Proof.not_proved


def test_the_adapter_that_sends_our_advert_need_not_receive_it() -> None:
    sender, other = Liveness([own_advert(0.0)]), Liveness([own_advert(0.0)])
    other.record(OWN, 1.0)
    assert sender.judge("hci0", 2.0) == LivenessStatus()
    assert other.judge("hci1", 2.0).proof is Proof.proved


def test_our_advert_is_not_lost_while_it_is_off_nor_just_after_it_returned() -> None:
    since: list[float | None] = [0.0]
    liveness = Liveness([Transmitter(OWN, "own advert", lambda _: since[0])])
    liveness.record(OWN, 1.0)
    since[0] = None
    assert liveness.judge("hci1", 100.0) == LivenessStatus()
    since[0] = 100.0
    assert liveness.judge("hci1", 105.0).lost == ()
    assert liveness.judge("hci1", 100.0 + LOST_S).lost == ("own advert",)


def test_an_advert_with_a_long_interval_is_lost_later() -> None:
    liveness = Liveness([own_advert(0.0, interval_s=10.24)])
    liveness.record(OWN, 0.0)
    assert liveness.judge("hci1", 40.0).proof is Proof.proved
    assert liveness.judge("hci1", 41.0).proof is Proof.lost


def test_the_silence_of_a_scan_that_reports_changes_only_is_no_loss_but_a_self_test_is() -> None:
    liveness = Liveness([TAG])
    liveness.record(WALL, 0.0)
    pending = liveness.judge("hci0", 60.0, reports_presence=False)
    assert (pending.proof, pending.pending) == (Proof.not_proved, ("east gate",))
    assert "east gate was heard before" in word_liveness(pending)["en"]
    assert "以前收到过 east gate" in word_liveness(pending)["zh"]
    assert liveness.test_duration_s("hci0") == LOST_S
    liveness.record_test(since=61.0)
    assert liveness.judge("hci0", 74.0, reports_presence=False).lost == ("east gate",)
    liveness.record(WALL, 80.0)
    assert liveness.judge("hci0", 80.0, reports_presence=False).proof is Proof.proved
    assert liveness.judge("hci0", 600.0, reports_presence=False).pending == ("east gate",), "received since the test"


def test_a_self_test_before_our_advert_was_on_the_air_proves_no_loss() -> None:
    liveness = Liveness([own_advert(100.0)])
    liveness.record(OWN, 50.0)
    liveness.record_test(since=90.0)
    assert liveness.judge("hci1", 200.0, reports_presence=False).pending == ("own advert",)
    assert liveness.test_duration_s("hci0") == 0.0


def test_a_transmitter_that_was_never_received_is_missing_once_the_scan_has_worked_long_enough() -> None:
    liveness = Liveness([TAG])
    assert liveness.judge("hci0", 1e6).never == (), "no scan works"
    assert liveness.judge("hci0", 100.0 + NEVER_S - 1, listens_since=100.0).never == ()
    never = liveness.judge("hci0", 100.0 + NEVER_S, listens_since=100.0)
    assert (never.proof, never.never) == (Proof.not_proved, ("east gate",))
    words = word_liveness(never)
    assert "not there, off, empty" in words["en"]
    assert "or the radio is deaf" in words["en"]
    assert "一次也没有收到过 east gate" in words["zh"]
    assert liveness.judge("hci0", 1e6, listens_since=100.0, heard_elsewhere={"east gate"}).never == ()
    liveness.record(WALL, 500.0)
    assert liveness.judge("hci0", 501.0, listens_since=100.0) == LivenessStatus(("east gate",), (), 1)


def test_our_advert_is_missing_only_since_it_is_on_the_air() -> None:
    liveness = Liveness([own_advert(1000.0)])
    assert liveness.judge("hci1", 1050.0, listens_since=0.0).never == ()
    assert liveness.judge("hci1", 1000.0 + NEVER_S, listens_since=0.0).never == ("own advert",)
    assert liveness.judge("hci0", 1e6, listens_since=0.0).never == (), "a radio does not receive itself"


def tracked_own_advert(due: list[float | None]) -> Transmitter:
    return Transmitter(OWN, "own advert", lambda _: due[0], 0.1, own=True)


def foreign_times(liveness: Liveness, since: float, until: float, heard_each_s: float | None) -> list[float]:
    """Judge once a second and return when another transmitter of our identity is reported."""
    times, at = [], since
    while at < until:
        if heard_each_s and at % heard_each_s == 0:
            liveness.record(OWN, at)
        if liveness.judge("hci0", at).foreign:
            times.append(at)
        at += 1.0
    return times


def test_our_identity_received_by_the_adapter_that_sends_it_is_another_transmitters() -> None:
    liveness = Liveness([tracked_own_advert([None])])
    times = foreign_times(liveness, 0.0, 300.0, heard_each_s=1.0)
    assert FOREIGN_AFTER_S < times[0] < FOREIGN_AFTER_S + 10
    assert times == [times[0] + n for n in range(len(times))]
    status = liveness.judge("hci0", 300.0)
    assert (status.by, status.expected, status.foreign) == ((), 0, ("own advert",)), "it proves nothing"
    assert "Another device sends our identity (own advert)" in word_liveness(status)["en"]
    assert "别的设备在用本站的编号" in word_liveness(status)["zh"]
    assert liveness.foreign == {OWN}
    assert foreign_times(liveness, 301.0, 500.0, heard_each_s=None)[-1] < 300.0 + FOREIGN_FOR_S


def test_adverts_of_ours_in_transit_when_it_ended_are_not_foreign() -> None:
    due: list[float | None] = [0.0]
    liveness = Liveness([tracked_own_advert(due)])
    assert foreign_times(liveness, 0.0, 100.0, heard_each_s=1.0) == []
    due[0] = None
    assert foreign_times(liveness, 100.0, 100.0 + FOREIGN_AFTER_S - 1, heard_each_s=1.0) == []
    assert foreign_times(liveness, 100.0 + FOREIGN_AFTER_S, 400.0, heard_each_s=None) == []


def test_renewals_of_our_advert_during_an_hour_are_not_foreign() -> None:
    """It is off the air for 20 s in each minute and received all the time: the advertiser learns late."""
    due: list[float | None] = [0.0]
    liveness, times = Liveness([tracked_own_advert(due)]), []
    for minute in range(60):
        due[0] = None
        times += foreign_times(liveness, minute * 60.0, minute * 60.0 + 20, heard_each_s=1.0)
        due[0] = minute * 60.0 + 20
        times += foreign_times(liveness, minute * 60.0 + 20, minute * 60.0 + 60, heard_each_s=1.0)
    assert times == []


def test_a_tag_on_the_wall_is_never_foreign() -> None:
    liveness = Liveness([Transmitter(OWN, "tag", lambda _: None)])
    assert foreign_times(liveness, 0.0, 300.0, heard_each_s=1.0) == []


def test_what_one_adapter_receives_is_not_lost() -> None:
    merged = merge_liveness([LivenessStatus(("east gate",), (), 2), LivenessStatus((), ("east gate", "west gate"), 2)])
    assert merged == LivenessStatus(("east gate",), ("west gate",), 2)
    assert merged.proof is Proof.proved
    assert "west gate, heard until now, is not heard" in word_liveness(merged)["en"]
    assert merge_liveness([]).proof is Proof.not_proved


def test_what_one_adapter_received_once_was_received() -> None:
    never, pending = (
        LivenessStatus(expected=1, never=("east gate",)),
        LivenessStatus(expected=1, pending=("east gate",)),
    )
    assert merge_liveness([never, never]).never == ("east gate",)
    assert merge_liveness([never, pending]) == pending
    lost = LivenessStatus((), ("east gate",), 1)
    assert merge_liveness([never, lost]) == lost
    clone = LivenessStatus(foreign=("own advert",), own=frozenset({"own advert"}))
    assert merge_liveness([never, clone]).foreign == ("own advert",)


@pytest.mark.thorough
def test_a_month_of_lost_packets_causes_no_false_alarm() -> None:
    """A tag sends once a second, and one frame in five is lost."""
    draw, loss, month_s = Random(7), 0.2, 30 * 86_400
    liveness, at, alarms = Liveness([TAG]), 0, 0
    liveness.record(WALL, 0.0)
    while at < month_s:
        gap_s = 1 + int(log(draw.random()) / log(loss))
        at += gap_s
        if gap_s > 8:  # a shorter one cannot be an alarm
            alarms += liveness.judge("hci0", at - 0.01).proof is Proof.lost
        liveness.record(WALL, float(at))
    assert alarms == 0


def test_every_fault_and_step_has_words_in_two_languages() -> None:
    for name in FAULTS:
        for step in (None, *STEPS):
            words = word_recovery(RecoveryStatus("hci0", name, "east gate", step))
            assert words is not None
            assert words["en"].isascii()
            assert words["zh"].startswith("故障")
    assert set(STEPS) == set(RecoveryStep)


def test_what_a_person_can_do_fits_the_fault() -> None:
    def words(fault: str) -> str:
        return str(word_recovery(RecoveryStatus("hci0", fault, "east gate", RecoveryStep.ask_a_person)))

    assert "restart the Bluetooth service" in words("no_bluetoothd")
    assert "replug the adapter" in words("no_adapter")
    assert "rfkill unblock bluetooth" in words("off")
    assert "/etc/dbus-1/system.d" in words("access_denied")
    assert "check its battery" in words("transmitter_lost")
    assert not any("battery" in words(fault) for fault in ("no_bluetoothd", "no_answer", "no_adapter", "off"))
