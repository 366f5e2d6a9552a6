"""Determine the fault of an adapter from its scan, and the recovery steps that can help. Pure."""

from beacon_gateway.model.radio_status import LivenessStatus, RecoveryStep
from beacon_gateway.radio.recovery.recovery_ladder import Fault
from beacon_gateway.radio.timings import DEFAULT_TIMINGS, RadioTimings

_RESET_STEPS = (
    RecoveryStep.restart_bluetoothd,
    RecoveryStep.reset_adapter,
    RecoveryStep.reset_hardware,
    RecoveryStep.ask_a_person,
)
_BY_STATE: dict[str, tuple[RecoveryStep, ...]] = {
    "refused": (RecoveryStep.power_cycle, *_RESET_STEPS),
    "no_adapter": _RESET_STEPS,
    "no_bluetoothd": _RESET_STEPS,
    "no_answer": _RESET_STEPS,
    "access_denied": (RecoveryStep.ask_a_person,),  # no step changes the policy of D-Bus
    "off": (RecoveryStep.ask_a_person,),  # a person may have switched it off for a reason
}
_FROM_START = (RecoveryStep.new_scanner, RecoveryStep.power_cycle, RecoveryStep.ask_a_person)
"""A transmitter that was never received may not exist, so nothing that other programs use is restarted or reset."""
_NOT_THE_ADAPTER = (RecoveryStep.new_scanner, RecoveryStep.ask_a_person)
_BY_TROUBLE: dict[str, tuple[RecoveryStep, ...]] = {
    "deaf": tuple(RecoveryStep),
    "transmitter_lost": _NOT_THE_ADAPTER,
    "advert_lost": _NOT_THE_ADAPTER,
    "never_heard": _NOT_THE_ADAPTER,
    "advert_never_heard": _NOT_THE_ADAPTER,
    "deaf_from_start": _FROM_START,
    "nothing_ever": _FROM_START,
}


def find_fault(
    state: str,
    for_s: float,
    *,
    quiet_s: float | None,
    liveness: LivenessStatus,
    refused: str,
    others_hear: bool,
    spare: bool,
    listens_s: float | None = None,
    timings: RadioTimings = DEFAULT_TIMINGS,
) -> Fault | None:
    """Return the fault of an adapter that has been in `state` for `for_s` seconds, or None.

    `quiet_s`: since the last advert, None if there was none. `others_hear`: another adapter works, so bluetoothd is
    not restarted for this one; a `spare` one may then be off or missing. `listens_s`: for how long the scan has
    worked, None while it does not.
    """
    if state in _BY_STATE:
        unneeded = spare and others_hear and state in {"off", "no_adapter"}
        if unneeded or for_s < (timings.kernel_scan_s if state == "refused" else timings.fault_after_s):
            return None
        return Fault(state, _allowed(_BY_STATE[state], others_hear), refused)
    if name := find_trouble(liveness, quiet_s, listens_s, timings):
        return Fault(name, _allowed(_BY_TROUBLE[name], others_hear), ", ".join(missed_labels(liveness)))
    if quiet_s is not None and quiet_s >= timings.silent_s:
        return Fault("silent", (RecoveryStep.power_cycle,), rest_s=timings.silent_s)
    return None


def find_trouble(
    liveness: LivenessStatus, quiet_s: float | None, listens_s: float | None, timings: RadioTimings = DEFAULT_TIMINGS
) -> str | None:
    """Return the fault name of what a working scan does not receive, for one adapter or for all together.

    `deaf`: nothing, where a known transmitter was received before. `transmitter_lost`: others, but not the known one;
    `advert_lost` if that is our own advert. `never_heard`, `advert_never_heard`: the same for one that was never
    received. `deaf_from_start`: never received, and nothing else for long. `nothing_ever`: no advert since the start,
    where no transmitter is known.
    """
    only_own = not set(missed_labels(liveness)) - liveness.own
    if liveness.lost:
        if quiet_s is None or quiet_s >= timings.lost_after_s:
            return "deaf"
        return "advert_lost" if only_own else "transmitter_lost"
    if liveness.never:
        if not liveness.by and (quiet_s is None or quiet_s >= timings.silent_s):
            return "deaf_from_start"
        return "advert_never_heard" if only_own else "never_heard"
    if quiet_s is None and listens_s is not None and listens_s >= timings.nothing_ever_s:
        return "nothing_ever"
    return None


def missed_labels(liveness: LivenessStatus) -> tuple[str, ...]:
    """Return the labels of lost transmitters, or if there are none, of those that were never received."""
    return liveness.lost or liveness.never


def _allowed(steps: tuple[RecoveryStep, ...], others_hear: bool) -> tuple[RecoveryStep, ...]:
    return tuple(step for step in steps if step is not RecoveryStep.restart_bluetoothd or not others_hear)
