"""Which fault an adapter has, from what its scan says of itself; what can help against each. Pure."""

from beacon_gateway.radio.recovery.ladder import Fault, Step
from beacon_gateway.radio.recovery.liveness import LOST_AFTER_S, Verdict

KERNEL_SCAN_S = 15.0
"""After bluetoothd was killed the kernel ends its scan by itself, 10.24 s after it began; until then: InProgress."""
LASTS_S = 15.0
"""An adapter that is off, gone or without an answer for so long is a fault; before, it may be on its way back."""
SILENT_S = 600.0
"""Nothing heard for so long where something was heard before: worth a power cycle, without any proof of a fault."""
NOTHING_EVER_S = 1800.0
"""A working scan that has not heard one advert of anybody, though no transmitter is known: even an empty hall is
passed by phones in half an hour, or a person should look."""

_BY_STATE: dict[str, tuple[Step, ...]] = {
    "refused": (Step.power_cycle, Step.restart_bluetoothd, Step.reset_adapter, Step.reset_hardware, Step.ask_a_person),
    "no_adapter": (Step.restart_bluetoothd, Step.reset_adapter, Step.reset_hardware, Step.ask_a_person),
    "no_answer": (Step.restart_bluetoothd, Step.reset_adapter, Step.reset_hardware, Step.ask_a_person),
    "off": (Step.ask_a_person,),  # somebody switched it off, and may have had a reason
}
_FIRST_STEPS = (Step.new_scanner, Step.power_cycle, Step.ask_a_person)
"""What was never heard may not be there: nothing is restarted or reset for it, of which others would suffer."""
_BY_TROUBLE: dict[str, tuple[Step, ...]] = {
    "deaf": tuple(Step),
    "transmitter_lost": (Step.new_scanner, Step.ask_a_person),
    "advert_lost": (Step.new_scanner, Step.ask_a_person),
    "never_heard": (Step.new_scanner, Step.ask_a_person),
    "advert_never_heard": (Step.new_scanner, Step.ask_a_person),
    "deaf_from_start": _FIRST_STEPS,
    "nothing_ever": _FIRST_STEPS,
}


def judge(
    state: str,
    for_s: float,
    *,
    quiet_s: float | None,
    verdict: Verdict,
    refused: str,
    others_hear: bool,
    spare: bool,
    listens_s: float | None = None,
) -> Fault | None:
    """`state`, for `for_s` seconds; `quiet_s`: since anything was heard, None when nothing ever was.

    bluetoothd is not restarted for one adapter while `others_hear`; a `spare` one may then be off or gone.
    `listens_s`: for how long the scan has worked, None while it does not.
    """
    if state in _BY_STATE:
        unneeded = spare and others_hear and state in {"off", "no_adapter"}
        if unneeded or for_s < (KERNEL_SCAN_S if state == "refused" else LASTS_S):
            return None
        return Fault(state, _allowed(_BY_STATE[state], others_hear), refused)
    if name := trouble(verdict, quiet_s, listens_s):
        return Fault(name, _allowed(_BY_TROUBLE[name], others_hear), ", ".join(missed(verdict)))
    if quiet_s is not None and quiet_s >= SILENT_S:
        return Fault("silent", (Step.power_cycle,), rest_s=SILENT_S)
    return None


def trouble(verdict: Verdict, quiet_s: float | None, listens_s: float | None) -> str | None:
    """What a scan that works does not hear, in one word: of one adapter, or of all together.

    `deaf`: nothing at all, where a known transmitter was heard before. `transmitter_lost`: others, and not the one that
    was heard before; `advert_lost` where that is our own advert. `never_heard`, `advert_never_heard`: the same of one
    that was not heard once since the start. `deaf_from_start`: that one neither, nor anybody else for long.
    `nothing_ever`: nobody since the start, where no transmitter is known.
    """
    own = not set(missed(verdict)) - verdict.own
    if verdict.lost:
        if quiet_s is None or quiet_s >= LOST_AFTER_S:
            return "deaf"
        return "advert_lost" if own else "transmitter_lost"
    if verdict.never:
        if not verdict.by and (quiet_s is None or quiet_s >= SILENT_S):
            return "deaf_from_start"
        return "advert_never_heard" if own else "never_heard"
    if quiet_s is None and listens_s is not None and listens_s >= NOTHING_EVER_S:
        return "nothing_ever"
    return None


def missed(verdict: Verdict) -> tuple[str, ...]:
    """Labels of what should be heard and is not: lost ones before those that were never heard."""
    return verdict.lost or verdict.never


def _allowed(steps: tuple[Step, ...], others_hear: bool) -> tuple[Step, ...]:
    return tuple(step for step in steps if step is not Step.restart_bluetoothd or not others_hear)
