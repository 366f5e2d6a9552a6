"""Which fault it is: a deaf radio, a tag on the wall that is silent, our advert that is not heard, or nobody there."""

import pytest

from beacon_gateway.radio.radio_wording import FAULTS
from beacon_gateway.radio.recovery import adapter_faults
from beacon_gateway.radio.recovery.adapter_faults import NOTHING_EVER_S, SILENT_S, trouble
from beacon_gateway.radio.recovery.ladder import Step
from beacon_gateway.radio.recovery.liveness import LOST_AFTER_S, Verdict
from sync_contract.gateway_report import RADIO_MISSES

TAG, OWN = "east gate", "own advert"
MANY_S = 1e6


def of(*, by: str = "", lost: str = "", never: str = "") -> Verdict:
    each = {name: (label,) if label else () for name, label in (("by", by), ("lost", lost), ("never", never))}
    return Verdict(each["by"], each["lost"], 1, never=each["never"], own=frozenset({OWN}))


@pytest.mark.parametrize(
    ("verdict", "quiet_s", "listens_s", "word"),
    [
        (of(by=TAG), 0.5, MANY_S, None),
        (of(lost=TAG), LOST_AFTER_S, MANY_S, "deaf"),
        (of(lost=TAG), 1.0, MANY_S, "transmitter_lost"),
        (of(lost=OWN), 1.0, MANY_S, "advert_lost"),
        (of(by=TAG, lost=OWN), 1.0, MANY_S, "advert_lost"),
        (of(never=TAG), None, MANY_S, "deaf_from_start"),
        (of(never=TAG), SILENT_S, MANY_S, "deaf_from_start"),
        (of(never=TAG), 30.0, MANY_S, "never_heard"),
        (of(never=OWN), 30.0, MANY_S, "advert_never_heard"),
        (of(by=TAG, never=OWN), 0.5, MANY_S, "advert_never_heard"),
        (of(lost=TAG, never=OWN), 0.5, MANY_S, "transmitter_lost"),
        (of(), None, NOTHING_EVER_S, "nothing_ever"),
        (of(), None, NOTHING_EVER_S - 1, None),
        (of(), None, None, None),
        (of(), SILENT_S, MANY_S, None),
    ],
)
def test_each_has_its_own_word(
    verdict: Verdict, quiet_s: float | None, listens_s: float | None, word: str | None
) -> None:
    assert trouble(verdict, quiet_s, listens_s) == word
    assert word is None or word in FAULTS
    assert word in {None, "deaf", "deaf_from_start", *RADIO_MISSES}


@pytest.mark.parametrize("verdict", [of(never=TAG), of(never=OWN), of()])
@pytest.mark.parametrize("quiet_s", [None, 1.0])
def test_what_was_never_heard_costs_others_nothing_and_ends_at_a_person(
    verdict: Verdict, quiet_s: float | None
) -> None:
    fault = adapter_faults.judge(
        "listening",
        60,
        quiet_s=quiet_s,
        verdict=verdict,
        refused="",
        others_hear=False,
        spare=False,
        listens_s=NOTHING_EVER_S,
    )
    if verdict == of() and quiet_s is not None:
        assert fault is None
        return
    assert fault is not None
    assert not {Step.restart_bluetoothd, Step.reset_adapter} & set(fault.steps)
    assert fault.steps[-1] is Step.ask_a_person
    assert fault.detail == ", ".join(verdict.never)
    assert (Step.power_cycle in fault.steps) is (quiet_s is None), "a radio that hears others is not switched off"
