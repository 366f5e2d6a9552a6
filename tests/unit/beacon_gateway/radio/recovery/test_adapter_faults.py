"""Which fault an adapter has, and which steps are allowed against it."""

import pytest

from beacon_gateway.model.radio_status import LivenessStatus, RecoveryStep
from beacon_gateway.radio.radio_wording import FAULTS
from beacon_gateway.radio.recovery.adapter_faults import find_fault, find_trouble
from beacon_gateway.radio.timings import DEFAULT_TIMINGS
from sync_contract.gateway_report import RADIO_MISSES

TAG, OWN = "east gate", "own advert"
LONG_S = 1e6
LOST_S, SILENT_S, NOTHING_S = DEFAULT_TIMINGS.lost_after_s, DEFAULT_TIMINGS.silent_s, DEFAULT_TIMINGS.nothing_ever_s


def liveness(*, by: str = "", lost: str = "", never: str = "") -> LivenessStatus:
    labels = {name: (label,) if label else () for name, label in (("by", by), ("lost", lost), ("never", never))}
    return LivenessStatus(labels["by"], labels["lost"], 1, never=labels["never"], own=frozenset({OWN}))


@pytest.mark.parametrize(
    ("status", "quiet_s", "listens_s", "trouble"),
    [
        (liveness(by=TAG), 0.5, LONG_S, None),
        (liveness(lost=TAG), LOST_S, LONG_S, "deaf"),
        (liveness(lost=TAG), 1.0, LONG_S, "transmitter_lost"),
        (liveness(lost=OWN), 1.0, LONG_S, "advert_lost"),
        (liveness(by=TAG, lost=OWN), 1.0, LONG_S, "advert_lost"),
        (liveness(never=TAG), None, LONG_S, "deaf_from_start"),
        (liveness(never=TAG), SILENT_S, LONG_S, "deaf_from_start"),
        (liveness(never=TAG), 30.0, LONG_S, "never_heard"),
        (liveness(never=OWN), 30.0, LONG_S, "advert_never_heard"),
        (liveness(by=TAG, never=OWN), 0.5, LONG_S, "advert_never_heard"),
        (liveness(lost=TAG, never=OWN), 0.5, LONG_S, "transmitter_lost"),
        (liveness(), None, NOTHING_S, "nothing_ever"),
        (liveness(), None, NOTHING_S - 1, None),
        (liveness(), None, None, None),
        (liveness(), SILENT_S, LONG_S, None),
    ],
)
def test_each_trouble_has_its_own_name(
    status: LivenessStatus, quiet_s: float | None, listens_s: float | None, trouble: str | None
) -> None:
    assert find_trouble(status, quiet_s, listens_s) == trouble
    assert trouble is None or trouble in FAULTS
    assert trouble in {None, "deaf", "deaf_from_start", *RADIO_MISSES}


@pytest.mark.parametrize("status", [liveness(never=TAG), liveness(never=OWN), liveness()])
@pytest.mark.parametrize("quiet_s", [None, 1.0])
def test_what_was_never_received_disturbs_no_other_program_and_ends_with_a_person(
    status: LivenessStatus, quiet_s: float | None
) -> None:
    fault = find_fault(
        "listening",
        60,
        quiet_s=quiet_s,
        liveness=status,
        refused="",
        others_hear=False,
        spare=False,
        listens_s=NOTHING_S,
    )
    if status == liveness() and quiet_s is not None:
        assert fault is None
        return
    assert fault is not None
    assert not {RecoveryStep.restart_bluetoothd, RecoveryStep.reset_adapter} & set(fault.steps)
    assert fault.steps[-1] is RecoveryStep.ask_a_person
    assert fault.detail == ", ".join(status.never)
    assert (RecoveryStep.power_cycle in fault.steps) is (quiet_s is None), "a radio that receives is not switched off"


def test_an_adapter_that_is_not_named_may_be_off_while_another_works() -> None:
    for spare, name in ((True, None), (False, "off")):
        fault = find_fault(
            "off", 60, quiet_s=60.0, liveness=LivenessStatus(), refused="", others_hear=True, spare=spare
        )
        assert (fault.name if fault else None) == name
