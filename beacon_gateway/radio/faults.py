"""Which fault an adapter has, from what its scan says of itself; what can help against each. Pure."""

from beacon_gateway.radio.ladder import Fault, Step
from beacon_gateway.radio.liveness import LOST_AFTER_S, Verdict

KERNEL_SCAN_S = 15.0
"""After bluetoothd was killed the kernel ends its scan by itself, 10.24 s after it began; until then: InProgress."""
LASTS_S = 15.0
"""An adapter that is off, gone or without an answer for so long is a fault; before, it may be on its way back."""
SILENT_S = 600.0
"""Nothing heard for so long where something was heard before: worth a power cycle, without any proof of a fault."""

_BY_STATE: dict[str, tuple[Step, ...]] = {
    "refused": (Step.power_cycle, Step.restart_bluetoothd, Step.reset_adapter, Step.ask_a_person),
    "no_adapter": (Step.restart_bluetoothd, Step.reset_adapter, Step.ask_a_person),
    "no_answer": (Step.restart_bluetoothd, Step.reset_adapter, Step.ask_a_person),
    "off": (Step.ask_a_person,),  # somebody switched it off, and may have had a reason
}


def judge(
    state: str, for_s: float, *, quiet_s: float | None, verdict: Verdict, refused: str, others_hear: bool, spare: bool
) -> Fault | None:
    """`state`, for `for_s` seconds; `quiet_s`: since anything was heard, None when nothing ever was.

    bluetoothd is not restarted for one adapter while `others_hear`; a `spare` one may then be off or gone.
    """
    if state in _BY_STATE:
        unneeded = spare and others_hear and state in {"off", "no_adapter"}
        if unneeded or for_s < (KERNEL_SCAN_S if state == "refused" else LASTS_S):
            return None
        return Fault(state, _allowed(_BY_STATE[state], others_hear), refused)
    quiet_s = quiet_s or 0.0
    if verdict.lost:
        labels = ", ".join(verdict.lost)
        if quiet_s >= LOST_AFTER_S:
            return Fault("deaf", _allowed(tuple(Step), others_hear), labels)
        return Fault("transmitter_lost", (Step.new_scanner, Step.ask_a_person), labels)
    if quiet_s >= SILENT_S:
        return Fault("silent", (Step.power_cycle,), rest_s=SILENT_S)
    return None


def _allowed(steps: tuple[Step, ...], others_hear: bool) -> tuple[Step, ...]:
    return tuple(step for step in steps if step is not Step.restart_bluetoothd or not others_hear)
