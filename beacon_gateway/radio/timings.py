"""Limits and pauses of the radio, passed as one value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RadioTimings:
    """Durations in seconds. Tests pass shorter ones."""

    call_limit_s: float = 5.0
    """D-Bus call without a reply: a bluetoothd that hangs never replies, and dbus-fast would wait forever."""
    adapter_poll_s: float = 2.0
    """Between two looks for an adapter that is missing or off."""

    first_pause_s: float = 0.2
    """Before the first retry of a scan or a registration; it doubles with each further one."""
    scan_pause_cap_s: float = 5.0
    busy_pause_s: float = 0.5
    """Before the retry of a scan that BlueZ refuses with InProgress."""
    scan_check_s: float = 5.0
    """Longest wait between two checks of a running scan."""
    self_test_s: float = 5.0
    """Active scan that tests a silent passive one."""
    passive_proof_s: float = 5.0
    """Passive scan that has received nothing since its start: it is tested once, as it may never have begun."""
    filter_retry_s: float = 600.0
    """Between two attempts to disable a duplicate filter that is still active."""
    short_gap_s: float = 5.0
    """A shorter gap between two frames of an address shows that its adverts are not filtered."""
    filtered_gap_s: tuple[float, float] = (8.0, 14.0)
    """Gap of a filtered beacon: 10.9 s, which are the kernel's scan of 10.24 s and its restart."""

    kernel_scan_s: float = 15.0
    """The kernel ends the scan of a killed bluetoothd 10.24 s after its start; until then BlueZ replies InProgress."""
    orphaned_scan_cycles_apart_s: float = 5.0
    """Between two power cycles against one orphaned scan."""

    recovery_check_s: float = 1.0
    fault_after_s: float = 15.0
    """An adapter that is off, missing or does not reply for this long has a fault; before, it may be returning."""
    lost_after_s: float = 12.0
    """A known transmitter is noticed as lost within 15 s, checked once a second. At one advert a second with 20 %
    loss, twelve are lost in a row once in 200 million."""
    lost_intervals: int = 4
    """An own advert with a long interval is lost after this many intervals, if that is longer."""
    never_after_s: float = 90.0
    """A known transmitter that a working scan has not received once in this time is missing. It may not exist."""
    silent_s: float = 600.0
    """No advert at all for this long, where some were received before: power cycle, without proof of a fault."""
    nothing_ever_s: float = 1800.0
    """A working scan that has never received any advert, without a known transmitter: a person should check. Phones
    pass even an empty hall within half an hour."""
    foreign_after_s: float = 30.0
    """An own advert that cannot be received (it is off, or this adapter sends it) and is received after this time is
    not ours: adverts in transit and an advertiser that learns late of a change are over by then."""
    foreign_checks: int = 5
    """It was received again at this many checks, one second apart."""
    foreign_for_s: float = 60.0
    """It is reported for this long after the last one."""
    first_rest_s: float = 15.0
    """After the first recovery step: a known transmitter is received again within a few seconds."""
    rest_cap_s: float = 3600.0

    advert_check_s: float = 30.0
    """Between two checks that the adapter of an advert is still on, in case a signal was missed."""
    refused_pause_s: float = 0.4
    """Before the retry of a refused advert, unless a signal of BlueZ comes first; it doubles with each refusal."""
    advert_pause_cap_s: float = 5.0
    refused_rest_s: float = 60.0
    """After the first recovery step against a controller that refuses an advert."""
    ask_after_s: float = 120.0
    """An advert that is off the air for this long needs a person: an adapter that returns by itself has returned."""
    advert_ask_check_s: float = 5.0


DEFAULT_TIMINGS = RadioTimings()
