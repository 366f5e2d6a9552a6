"""Create the scanner and the advertisers of the selected backend as the settings request."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.radio.advertise.advertiser_group import AdvertiserGroup
from beacon_gateway.radio.ports import RadioHelper, Scanner
from sync_contract.beacon_identity import BeaconId

if TYPE_CHECKING:
    from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser
    from beacon_gateway.radio.advertise.exact_advertiser import ExactAdvertiser
    from beacon_gateway.radio.scan.battery_levels import BatteryLevels

_SEED = 2015


@dataclass(frozen=True, slots=True)
class RadioPlan:
    """What the settings request. `frames`: our identities; none if nothing is to be advertised.

    `scan_adapters`: empty for all; `advertise_adapter`: empty for any. `proof_beacons`: beacons whose reception proves
    that the radio works, with the seconds between their adverts. `observe_only`: as in ScanOptions.
    """

    beacons: Sequence[Beacon]
    scan_adapters: Sequence[str]
    scan_mode: Literal["active", "passive"]
    silence_s: float
    proof_beacons: Sequence[tuple[Beacon, float]]
    frames: Sequence[IBeacon]
    advertise_adapter: str
    interval_ms: int
    power_dbm: int | None
    advertise_mode: Literal["broadcast", "peripheral", "exact"]
    helper: Path
    observe_only: bool = False


@dataclass(frozen=True, slots=True)
class Radios:
    """`batteries`: telemetry of known tags; None if the backend has none.

    `simulated`: sightings are simulated or recorded, and must not count in statistics. `foreign`: our own adverts that
    another transmitter sends.
    """

    scanner: Scanner
    adverts: AdvertiserGroup | None
    batteries: "BatteryLevels | None" = None
    simulated: bool = False
    foreign: Callable[[], Collection[BeaconId]] = tuple


def make_radios(backend: str, plan: RadioPlan) -> Radios:
    """Return the radios of `backend`: bluez, simulated or capture:FILE.

    Raise ValueError for another word, CaptureUnreadable for a bad file.
    """
    kind, _, file = backend.partition(":")
    match kind:
        case "bluez":
            return _make_bluez(plan)
        case "simulated":
            return _make_simulated(plan)
        case "capture" if file:
            from beacon_gateway.radio.scan.capture_scanner import CaptureScanner

            return Radios(CaptureScanner(Path(file), pace=1.0), None, simulated=True)
    raise ValueError(f"--radio {backend}: auto, bluez, simulated or capture:FILE is expected")


def _make_bluez(plan: RadioPlan) -> Radios:
    from beacon_gateway.radio.helper.helper_client import KernelHelper
    from beacon_gateway.radio.recovery.adapter_reset import PrivilegedHelper
    from beacon_gateway.radio.recovery.liveness import Transmitter
    from beacon_gateway.radio.scan.battery_levels import BatteryLevels
    from beacon_gateway.radio.scan.merged_scanner import MergedScanner
    from beacon_gateway.radio.scan.scan_options import ScanOptions

    transmitters = [Transmitter(beacon.id, beacon.label, interval_s=seconds) for beacon, seconds in plan.proof_beacons]
    kernel, batteries = KernelHelper(plan.helper), BatteryLevels(plan.beacons)
    helper = PrivilegedHelper(kernel.reset)

    def is_recovering(adapter: str) -> bool:
        return scanner.is_recovering(adapter)

    own = {frame.beacon: _make_advertiser(plan, frame, helper, is_recovering) for frame in plan.frames}
    transmitters += [
        Transmitter(
            beacon,
            f"本站广播 own advert{f' {beacon.major}/{beacon.minor}' if len(own) > 1 else ''}",
            advertiser.due_since,
            plan.interval_ms / 1000,
            advertiser.renew,
            own=True,
        )
        for beacon, advertiser in own.items()
    ]
    options = ScanOptions(
        mode=plan.scan_mode,
        silence_s=plan.silence_s,
        transmitters=transmitters,
        helper=helper,
        batteries=batteries,
        report_duplicates=kernel.report_duplicates,
        observe_only=plan.observe_only,
    )
    scanner = MergedScanner(plan.scan_adapters, options)
    return Radios(
        scanner,
        AdvertiserGroup(own, measure=scanner.measure) if own else None,
        batteries,
        foreign=lambda: scanner.foreign,
    )


def _make_advertiser(
    plan: RadioPlan, frame: IBeacon, helper: RadioHelper, is_recovering: Callable[[str], bool]
) -> "BlueZAdvertiser | ExactAdvertiser":
    adapter = plan.advertise_adapter or None
    if plan.advertise_mode == "exact":
        from beacon_gateway.radio.advertise.exact_advertiser import ExactAdvertiser

        return ExactAdvertiser(
            adapter, frame, helper=plan.helper, interval_ms=plan.interval_ms, power_dbm=plan.power_dbm
        )
    from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser

    return BlueZAdvertiser(
        adapter,
        frame,
        interval_ms=plan.interval_ms,
        mode=plan.advertise_mode,
        power_dbm=plan.power_dbm,
        may_power_cycle=frame is plan.frames[0],
        helper=helper,
        is_recovering=is_recovering,
    )


def _make_simulated(plan: RadioPlan) -> Radios:
    from beacon_gateway.radio.simulated_radio import SimulatedAdvertiser, SimulatedScanner
    from beacon_gateway.simulation.demo import build_demo_room

    own = [SimulatedAdvertiser(frame.beacon) for frame in plan.frames]
    first = own[0] if own else None
    room = build_demo_room(plan.beacons, first.beacon if first else None)
    adverts = AdvertiserGroup({advertiser.beacon: advertiser for advertiser in own}) if own else None
    return Radios(SimulatedScanner(room, seed=_SEED, own=first), adverts, simulated=True)
