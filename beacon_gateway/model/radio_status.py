"""Status of the radio: what each adapter receives, what is on the air, and which recovery steps were taken.

Durations are in seconds. A field that a backend does not know has its default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_SCANNING = frozenset({"hearing", "listening", "simulated", "replaying", "finished"})


class Proof(StrEnum):
    """Whether a known transmitter proves that the radio receives."""

    proved = "proved"
    lost = "lost"
    not_proved = "not_proved"


class DeliveredAdverts(StrEnum):
    """How many adverts of a beacon a scan delivers."""

    every_advert = "every_advert"
    once_a_scan = "once_a_scan"
    """The controller filters duplicates."""
    not_known = "not_known"


class RecoveryStep(StrEnum):
    """Recovery steps in the order in which they are tried: each disturbs more than the one before."""

    new_scanner = "new_scanner"
    power_cycle = "power_cycle"
    restart_bluetoothd = "restart_bluetoothd"
    reset_adapter = "reset_adapter"
    """Reset by the kernel, within a second."""
    reset_hardware = "reset_hardware"
    """Reset as if the adapter were unplugged and plugged in."""
    ask_a_person = "ask_a_person"


class RefusalReason(StrEnum):
    """Why an advert was refused."""

    no_answer = "no_answer"
    no_bluetoothd = "no_bluetoothd"
    access_denied = "access_denied"
    no_adapter = "no_adapter"
    no_free_set = "no_free_set"
    controller = "controller"
    adapter_off = "adapter_off"
    bad_property = "bad_property"
    helper = "helper"
    other = "other"


@dataclass(frozen=True, slots=True)
class LivenessStatus:
    """Labels of known transmitters, by what their adverts prove."""

    by: tuple[str, ...] = ()
    """Received just now."""
    lost: tuple[str, ...] = ()
    """Received before, and not any more."""
    expected: int = 0
    """Number of transmitters that should be received."""
    pending: tuple[str, ...] = ()
    """Received before; the next advert or self-test shows whether they still are."""
    never: tuple[str, ...] = ()
    """Not received once, although the scan has worked for long enough."""
    foreign: tuple[str, ...] = ()
    """Our own adverts that another transmitter sends."""
    own: frozenset[str] = frozenset()
    """Which of these labels are our own adverts."""

    @property
    def proof(self) -> Proof:
        return Proof.proved if self.by else Proof.lost if self.lost else Proof.not_proved


@dataclass(frozen=True, slots=True)
class RecoveryStatus:
    """Fault of an adapter and the steps taken against it. `skipped`: steps that could not be taken, with the reason."""

    adapter: str = ""
    fault: str | None = None
    detail: str = ""
    step: RecoveryStep | None = None
    asks_a_person: bool = False
    next_step_in_s: float = 0.0
    taken: Mapping[RecoveryStep, int] = field(default_factory=dict)
    skipped: Mapping[RecoveryStep, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """How many adverts a scan delivers, who disabled the duplicate filter, and why nobody could."""

    adverts: DeliveredAdverts = DeliveredAdverts.not_known
    filter_taken_off_by: str | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class PlaceBattery:
    """Telemetry of a place beacon, received `age_s` ago."""

    beacon: str
    label: str
    low: bool
    age_s: float
    battery_percent: int | None = None
    battery_mv: int | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, slots=True)
class ClassBatteries:
    """Numbers of people's tags of one class that reported a battery, and of those that reported a low one."""

    tags: int
    low: int


@dataclass(frozen=True, slots=True)
class BatteryStatus:
    """Batteries of place beacons, and of people's tags by class."""

    places: tuple[PlaceBattery, ...] = ()
    classes: Mapping[str, ClassBatteries] = field(default_factory=dict)

    @property
    def low(self) -> tuple[str, ...]:
        """Labels of place beacons and classes of tags with a low battery."""
        places = (place.label for place in self.places if place.low)
        return (*places, *sorted(name for name, counts in self.classes.items() if counts.low))


@dataclass(frozen=True, slots=True)
class AdapterStatus:
    """Status of one adapter's scan.

    `state`: hearing, listening (nothing received yet), silent, starting, refused, off, no_adapter,
    no_bluetoothd, access_denied or no_answer.
    """

    state: str = ""
    adapter: str | None = None
    mode: str = ""
    passive_given_up: str | None = None
    """Why the scan is active though a passive one was requested: hears_less or not_supported."""
    last_heard_s: float | None = None
    frames: int = 0
    foreign: int = 0
    """Adverts that are not iBeacons."""
    delivery: DeliveryStatus | None = None
    rebuilds: int = 0
    rebuilds_why: Mapping[str, int] = field(default_factory=dict)
    last_why: str | None = None
    """Why the scan was last restarted."""
    starts_refused: int = 0
    refused: str | None = None
    """Error with which BlueZ refuses to start the scan now."""
    trouble: str | None = None
    """Fault name of what the scan does not receive (radio.recovery.adapter_faults)."""
    liveness: LivenessStatus | None = None
    recovery: RecoveryStatus | None = None


@dataclass(frozen=True, slots=True)
class RadioStatus:
    """Status of a scanner, which may use several adapters. `state`: that of the adapter in the best state."""

    state: str = ""
    frames: int = 0
    foreign: int = 0
    trouble: str | None = None
    liveness: LivenessStatus | None = None
    batteries: BatteryStatus | None = None
    asks_a_person: bool = False
    adapters: Mapping[str, AdapterStatus] = field(default_factory=dict)
    adapter: str | None = None
    """Of a simulated radio."""
    walkers: int | None = None
    """Number of simulated beacons; None for a real radio."""
    file: str | None = None
    """Name of the recording that is replayed, with its numbers of unusable records."""
    truncated: int | None = None
    other: int | None = None

    @property
    def scans(self) -> bool:
        """Return whether a scan runs, even if nothing was received yet."""
        return self.state in _SCANNING


@dataclass(frozen=True, slots=True)
class AdvertRefusal:
    """Why an advert was refused, on which adapter, and the original error text."""

    reason: RefusalReason
    adapter: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AppliedAdvert:
    """What BlueZ or the kernel reports of a registered advert and of its adapter. BlueZ reports no interval."""

    active_instances: int | None = None
    free_instances: int | None = None
    supported_instances: int | None = None
    tx_power_dbm: int | None = None
    """Chosen by the controller."""
    tx_power_can_be_set: bool | None = None
    tx_power_range_dbm: tuple[int | None, int | None] | None = None
    max_bytes: int | None = None
    taken_in_turns: bool | None = None
    """The controller holds one advert, so the kernel sends each of n adverts for 2 s of every 2 n."""
    adapter_is_connectable: bool = False
    """The kernel then makes every advert of the adapter connectable."""


@dataclass(frozen=True, slots=True)
class HeardAdvert:
    """An advert of ours as another adapter receives it now: proof that it is on the air.

    `per_s`: adverts a second; `interval_ms`: the usual time from one to the next.
    """

    adapter: str
    per_s: float
    interval_ms: int


@dataclass(frozen=True, slots=True)
class IdentityStatus:
    """Status of one advert of ours.

    `state`: on_air, starting, refused, off, no_advertising, no_adapter, no_bluetoothd, access_denied,
    no_answer, no_helper or simulated.
    `off_air_s`: None while it is on the air.
    """

    state: str = ""
    beacon: str = ""
    seconds_on_air: float = 0.0
    registrations: int = 0
    ended_why: Mapping[str, int] = field(default_factory=dict)
    refusal: AdvertRefusal | None = None
    off_air_s: float | None = None
    asks_a_person: bool = False
    adapter: str | None = None
    mode: str = ""
    interval_ms: int | None = None
    length_bytes: int | None = None
    tx_power_dbm: int | None = None
    """Requested of the controller; None: its own choice."""
    recovery: RecoveryStatus | None = None
    reported: AppliedAdvert | None = None
    heard: HeardAdvert | None = None
    """None: no other adapter receives it, so it is not proved that it is on the air."""


@dataclass(frozen=True, slots=True)
class AdvertStatus:
    """Status of all adverts of ours. `state`: on_air when all are, else that of the first which is not.

    `off`: advertising is not configured; an adapter that is off gives `adapter_off`.
    """

    state: str = "off"
    asks_a_person: bool = False
    off_air_s: float = 0.0
    identities: tuple[IdentityStatus, ...] = ()
