"""Which radio: BlueZ where there is an adapter, else the simulator; or what the command line asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.radio.port import Advertiser, Scanner

log = structlog.get_logger()
_SEED = 2015


@dataclass(frozen=True, slots=True)
class RadioPlan:
    """What the settings ask of the radio. `frame` is None when nothing is to be advertised; empty adapter: any."""

    beacons: Sequence[Beacon]
    scan_adapter: str
    scan_mode: Literal["active", "passive"]
    silence_s: float
    frame: IBeacon | None
    advertise_adapter: str
    interval_ms: int
    advertise_mode: Literal["broadcast", "peripheral"]


@dataclass(frozen=True, slots=True)
class Radios:
    scanner: Scanner
    advertiser: Advertiser | None


async def choose_radios(word: str, plan: RadioPlan) -> Radios:
    """`word`: auto, bluez, simulated or capture:FILE.

    Raises ValueError for another word, CaptureUnreadable for a bad file.
    """
    kind, _, file = word.partition(":")
    if kind == "auto":
        # imported here: a gateway that replays or simulates needs no D-Bus
        from beacon_gateway.radio.bluez import find_adapters

        adapters = await find_adapters()
        kind = "bluez" if adapters else "simulated"
        log.info("radio.chosen", kind=kind, adapters=adapters)
    match kind:
        case "bluez":
            return _bluez(plan)
        case "simulated":
            return _simulated(plan)
        case "capture" if file:
            from beacon_gateway.radio.capture import CaptureScanner

            return Radios(CaptureScanner(Path(file), pace=1.0), None)
    raise ValueError(f"--radio {word}: auto, bluez, simulated or capture:FILE is expected")


def _bluez(plan: RadioPlan) -> Radios:
    from beacon_gateway.radio.advertiser import BlueZAdvertiser
    from beacon_gateway.radio.scanner import BlueZScanner

    advertiser = None
    if plan.frame is not None:
        advertiser = BlueZAdvertiser(
            plan.advertise_adapter or None, plan.frame, interval_ms=plan.interval_ms, mode=plan.advertise_mode
        )
    return Radios(BlueZScanner(plan.scan_adapter or None, mode=plan.scan_mode, silence_s=plan.silence_s), advertiser)


def _simulated(plan: RadioPlan) -> Radios:
    from beacon_gateway.radio.simulated import SimulatedAdvertiser, SimulatedScanner
    from beacon_gateway.simulation.demo import demo_room

    own = SimulatedAdvertiser(plan.frame.beacon) if plan.frame else None
    room = demo_room(plan.beacons, own.beacon if own else None)
    return Radios(SimulatedScanner(room, seed=_SEED, own=own), own)
