"""The radio that was settled on (radio.wish), made as the settings ask."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.radio.advertise.advertiser_group import Adverts
from beacon_gateway.radio.port import RadioHelper, Scanner
from sync_contract.beacon_identity import BeaconId

if TYPE_CHECKING:
    from beacon_gateway.radio.advertise.advertiser import BlueZAdvertiser
    from beacon_gateway.radio.advertise.exact_advertiser import ExactAdvertiser
    from beacon_gateway.radio.scan.battery_levels import Batteries

_SEED = 2015


@dataclass(frozen=True, slots=True)
class RadioPlan:
    """What the settings ask of the radio. `frames`: our identities, none when nothing is to be advertised.

    Empty: all adapters scan, any advertises. `on_the_wall`: beacons that prove by being heard that the radio hears,
    each with the seconds between its adverts. `only_looks`: as for MergedScanner.
    """

    beacons: Sequence[Beacon]
    scan_adapters: Sequence[str]
    scan_mode: Literal["active", "passive"]
    silence_s: float
    on_the_wall: Sequence[tuple[Beacon, float]]
    frames: Sequence[IBeacon]
    advertise_adapter: str
    interval_ms: int
    power_dbm: int | None
    advertise_mode: Literal["broadcast", "peripheral", "exact"]
    helper: Path
    only_looks: bool = False


@dataclass(frozen=True, slots=True)
class Radios:
    """`batteries`: what known tags tell of theirs; None for a radio that tells nothing of it.

    `imagined`: it hears invented or recorded beacons, of which nothing is told as a figure.
    """

    scanner: Scanner
    adverts: Adverts | None
    batteries: "Batteries | None" = None
    imagined: bool = False
    foreign: Callable[[], Collection[BeaconId]] = tuple
    """Adverts of ours that another transmitter sends."""


def make_radios(word: str, plan: RadioPlan) -> Radios:
    """`word`: bluez, simulated or capture:FILE.

    Raises ValueError for another word, CaptureUnreadable for a bad file.
    """
    kind, _, file = word.partition(":")
    match kind:
        case "bluez":
            return _bluez(plan)
        case "simulated":
            return _simulated(plan)
        case "capture" if file:
            from beacon_gateway.radio.scan.capture_scanner import CaptureScanner

            return Radios(CaptureScanner(Path(file), pace=1.0), None, imagined=True)
    raise ValueError(f"--radio {word}: auto, bluez, simulated or capture:FILE is expected")


def _bluez(plan: RadioPlan) -> Radios:
    from beacon_gateway.radio.helper.helper_client import KernelHelper
    from beacon_gateway.radio.recovery.liveness import Transmitter
    from beacon_gateway.radio.recovery.privileged_steps import Privileged
    from beacon_gateway.radio.recovery.systemd_units import SystemdHelper
    from beacon_gateway.radio.scan.battery_levels import Batteries
    from beacon_gateway.radio.scan.merged_scanner import MergedScanner

    known = [Transmitter(beacon.id, beacon.label, interval_s=seconds) for beacon, seconds in plan.on_the_wall]
    kernel, batteries = KernelHelper(plan.helper), Batteries(plan.beacons)
    privileged = Privileged(kernel=kernel, systemd=SystemdHelper())

    def recovers(adapter: str) -> bool:
        return scanner.recovers(adapter)

    own = {frame.beacon: _advertiser(plan, frame, privileged, recovers) for frame in plan.frames}
    known += [
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
    scanner = MergedScanner(
        plan.scan_adapters,
        mode=plan.scan_mode,
        silence_s=plan.silence_s,
        transmitters=known,
        helper=privileged,
        batteries=batteries,
        unfilter=kernel.unfiltered,
        only_looks=plan.only_looks,
    )
    return Radios(scanner, Adverts(own) if own else None, batteries, foreign=lambda: scanner.foreign)


def _advertiser(
    plan: RadioPlan, frame: IBeacon, helper: RadioHelper, recovers: Callable[[str], bool]
) -> "BlueZAdvertiser | ExactAdvertiser":
    adapter = plan.advertise_adapter or None
    if plan.advertise_mode == "exact":
        from beacon_gateway.radio.advertise.exact_advertiser import ExactAdvertiser

        return ExactAdvertiser(
            adapter, frame, helper=plan.helper, interval_ms=plan.interval_ms, power_dbm=plan.power_dbm
        )
    from beacon_gateway.radio.advertise.advertiser import BlueZAdvertiser

    return BlueZAdvertiser(
        adapter,
        frame,
        interval_ms=plan.interval_ms,
        mode=plan.advertise_mode,
        power_dbm=plan.power_dbm,
        may_power_cycle=frame is plan.frames[0],
        helper=helper,
        recovers=recovers,
    )


def _simulated(plan: RadioPlan) -> Radios:
    from beacon_gateway.radio.simulated import SimulatedAdvertiser, SimulatedScanner
    from beacon_gateway.simulation.demo import demo_room

    own = [SimulatedAdvertiser(frame.beacon) for frame in plan.frames]
    first = own[0] if own else None
    room = demo_room(plan.beacons, first.beacon if first else None)
    adverts = Adverts({advertiser.beacon: advertiser for advertiser in own}) if own else None
    return Radios(SimulatedScanner(room, seed=_SEED, own=first), adverts, imagined=True)
