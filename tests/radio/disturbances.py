"""Disturb the radios with which A advertises and B receives, and time until B receives A again.

Each disturbance has a cause that lasts a while. The time runs from the end of the cause to the first frame after the
last renewal of a scan or an advert that no silence follows.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from time import monotonic
from uuid import UUID

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.model.radio_status import AdapterStatus
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decision_engine import DecisionEngine, replay
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.trace import Decision, Trace
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser
from beacon_gateway.radio.bluez_bus import ADAPTER, system_bus
from beacon_gateway.radio.ports import RadioLost
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from beacon_gateway.stages import StageTimings
from daemonkit.health import Health
from daemonkit.supervise import supervise
from sync_contract.catalogue import BeaconKind
from tests.radio.lab_control import (
    end_bluetoothd,
    end_dbus,
    hciconfig,
    plug_radios,
    power,
    pull_radios,
    radios_ready,
    rfkill,
    send_bluetoothd,
    start_bluetoothd,
    start_dbus,
)
from tests.radio.waiting import Ear, running, until

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)
A = Beacon(FRAME.beacon, BeaconKind.place, "A's beacon", project="elder-lunch")
BACK_S = 5.0
"""Limit from the end of the cause to steady frames."""
GAP_S = 1.0
"""Ten intervals of the beacon. A longer gap is a silence."""
STEADY_S = 2.0
EXIT_S = 10.0
"""The default exit period: a shorter pause of the radio causes no decision."""
APART_S = 3.0
LOST_S = 15.0
"""Limit for noticing a known transmitter that has stopped."""


class Pair:
    """A on hci0 and B on hci1, each stage supervised as the daemon supervises it."""

    def __init__(self, *, receiver: str = "hci1") -> None:
        self.advertiser = BlueZAdvertiser("hci0", FRAME, interval_ms=100)
        self.scanner = MergedScanner((receiver,), ScanOptions(transmitters=[Transmitter(FRAME.beacon, A.label)]))
        self.ear = Ear()
        self._receiver = receiver

    @property
    def status(self) -> AdapterStatus:
        """Status of B's adapter."""
        return self.scanner.read_status().adapters[self._receiver]

    def counts(self) -> tuple[int, int]:
        """Return the registrations of the advert and the renewals of the scan."""
        return self.advertiser.read_status().registrations, self.status.rebuilds

    @property
    def both_work(self) -> bool:
        return self.advertiser.read_status().state == "on_air" and self.status.state == "hearing"


@asynccontextmanager
async def pair() -> AsyncIterator[Pair]:
    """Run both during the block, which begins when B receives A."""
    await radios_ready()
    two = Pair()
    hear, advertise = lambda: two.scanner.hear(two.ear.heard.append), two.advertiser.keep_on_air
    async with running(supervised("radio", hear)), running(supervised("advert", advertise)):
        await two.ear.hears_again()
        yield two


def supervised(name: str, stage: Callable[[], Awaitable[None]]) -> Awaitable[None]:
    return supervise(name, stage, restart_on=RadioLost, health=Health(), cap=StageTimings().radio_cap_s)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Times in monotonic seconds. `silent_s`: the longest silence since `began_at`."""

    began_at: float
    ended_at: float
    again_at: float
    silent_s: float

    @property
    def took_s(self) -> float:
        return self.again_at - self.ended_at


async def recover(two: Pair, disturb: Callable[[], Awaitable[None]], limit_s: float = BACK_S) -> Recovery:
    """Disturb, and wait until A is received steadily again. Raise AssertionError after PATIENCE times the limit."""
    began_at = monotonic()
    await disturb()
    ended_at = since = monotonic()
    counts = two.counts()

    def has_recovered() -> bool:
        nonlocal since, counts
        if counts != two.counts():
            since, counts = monotonic(), two.counts()  # frames before this renewal do not count
        return two.both_work and is_steady(two.ear.heard, since)

    await until(has_recovered, limit_s + STEADY_S)
    again_at = heard_again_at(two.ear.heard, since)
    assert again_at is not None
    silent_s = max(later - earlier for earlier, later in pairwise(times_since(two.ear.heard, began_at)))
    return Recovery(began_at, ended_at, again_at, silent_s)


def is_steady(heard: Sequence[Sighting], since: float) -> bool:
    """Return whether frames have come for STEADY_S without a gap, until now."""
    again_at, now = heard_again_at(heard, since), monotonic()
    return again_at is not None and now - again_at >= STEADY_S and now - heard[-1].at < GAP_S


def heard_again_at(heard: Sequence[Sighting], since: float) -> float | None:
    """Return the time of the first frame since `since` that no gap has followed, or None."""
    again_at: float | None = None
    before = -inf
    for at in times_since(heard, since):
        if at >= since and (again_at is None or at - before > GAP_S):
            again_at = at
        before = at
    return again_at


def times_since(heard: Sequence[Sighting], since: float) -> list[float]:
    """Return the times of the frames since then, and of the one before them."""
    first = len(heard)
    while first > 0 and heard[first - 1].at >= since:
        first -= 1
    return [sighting.at for sighting in heard[max(0, first - 1) :]]


def decisions(heard: Sequence[Sighting], exit_s: float = EXIT_S) -> tuple[Decision, ...]:
    """Return the gateway's decisions from these frames: about A's visit and the project shown."""
    rules = PresenceRules(exit_s=exit_s, unknown_counts_as_near=True)
    assert A.project is not None
    bindings = {A.id: A.project}
    core = DecisionEngine(Tracker([A], rules), Choice(ChoiceRules()), Trace([A]), lambda: bindings)
    began = heard[0].at
    replay((sighting._replace(at=sighting.at - began) for sighting in heard), core, end_s=0.0)
    return tuple(core.trace.decisions)


async def restart_bluetoothd(number: signal.Signals, for_s: float) -> None:
    await end_bluetoothd(number)
    await asyncio.sleep(for_s)
    start_bluetoothd()


async def kill_bluetoothd_twice(for_s: float) -> None:
    """Kill it again when the radio has hardly recovered."""
    await restart_bluetoothd(signal.SIGKILL, 0.0)
    await asyncio.sleep(APART_S)
    await restart_bluetoothd(signal.SIGKILL, for_s)


async def stop_bluetoothd(for_s: float) -> None:
    send_bluetoothd(signal.SIGSTOP)
    try:
        await asyncio.sleep(for_s)
    finally:
        send_bluetoothd(signal.SIGCONT)


async def off_and_on(adapter: str, for_s: float) -> None:
    """Switch the adapter off and on as another program would."""
    await power(adapter, False)
    await asyncio.sleep(for_s)
    await power(adapter, True)


async def block_and_unblock(for_s: float) -> None:
    rfkill(block=True)
    await asyncio.sleep(for_s)
    rfkill(block=False)


async def down_and_up(adapter: str, for_s: float) -> None:
    hciconfig(adapter, "down")
    await asyncio.sleep(for_s)
    hciconfig(adapter, "up")


async def reset(adapter: str) -> None:
    hciconfig(adapter, "reset")


async def pull_and_plug(for_s: float) -> None:
    await pull_radios()
    await asyncio.sleep(for_s)
    plug_radios()


async def restart_dbus(for_s: float) -> None:
    """Kill the bus, which also ends bluetoothd, and start both again."""
    await end_dbus()
    await asyncio.sleep(for_s)
    start_dbus()
    start_bluetoothd()


async def scan_with_another_program(for_s: float) -> None:
    """Scan with B's adapter from another connection, without any filter."""
    async with system_bus() as other:
        await other.call("/org/bluez/hci1", ADAPTER, "StartDiscovery")
        await asyncio.sleep(for_s)
        await other.call("/org/bluez/hci1", ADAPTER, "StopDiscovery")


@dataclass(frozen=True, slots=True)
class Disturbance:
    """`cause`: takes its duration in seconds, and returns at its end.

    `renews`: it ends B's scan or takes A's advert off the air. `lasts`: its duration can be chosen.
    """

    cause: Callable[[float], Awaitable[None]]
    renews: bool = True
    lasts: bool = True


DISTURBANCES = {
    "bluetoothd SIGTERM": Disturbance(lambda for_s: restart_bluetoothd(signal.SIGTERM, for_s)),
    "bluetoothd SIGKILL": Disturbance(lambda for_s: restart_bluetoothd(signal.SIGKILL, for_s)),
    "bluetoothd SIGKILL twice": Disturbance(kill_bluetoothd_twice),
    "bluetoothd stopped (SIGSTOP)": Disturbance(stop_bluetoothd, renews=False),
    "A's adapter off and on": Disturbance(lambda for_s: off_and_on("hci0", for_s)),
    "B's adapter off and on": Disturbance(lambda for_s: off_and_on("hci1", for_s)),
    "rfkill": Disturbance(block_and_unblock),
    "A's controller reset": Disturbance(lambda _: reset("hci0"), lasts=False),
    "B's controller reset": Disturbance(lambda _: reset("hci1"), lasts=False),
    "A's controller down and up": Disturbance(lambda for_s: down_and_up("hci0", for_s)),
    "B's controller down and up": Disturbance(lambda for_s: down_and_up("hci1", for_s)),
    "controllers removed and back": Disturbance(pull_and_plug),
    "D-Bus restarted": Disturbance(restart_dbus),
    "second scanner without a filter": Disturbance(scan_with_another_program, renews=False),
}
