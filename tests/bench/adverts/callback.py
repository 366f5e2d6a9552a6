"""Measure without a socket: bleak's path from a D-Bus message to its callback, and ours to the decision.

Both run in turn in one process on the same messages.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from time import process_time_ns
from typing import Any, NamedTuple

from bleak.backends.bluezdbus.manager import BlueZManager
from bleak.backends.bluezdbus.scanner import BleakScannerBlueZDBus
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from dbus_fast import Message

from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.scene_driver import SceneDriver
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.scan.battery_levels import BatteryLevels
from beacon_gateway.radio.scan.reception import Reception
from sync_contract.catalogue import BeaconKind
from tests.bench.adverts.bluez import ADAPTER_PATH, advert, appears
from tests.bench.adverts.street import adverts, beacons, frames

RATE = 500
SECONDS = 70
WARM_UP_S = 10
"""Until all beacons have arrived and have a zone."""


class DecisionPath(NamedTuple):
    """The gateway's objects from a sighting to the decision, without stages."""

    driver: SceneDriver
    tracker: Tracker


def build_decision_path() -> DecisionPath:
    known = beacons(RATE)
    collector = Collector(known, interval_ms={beacon.id: 100 for beacon in known})
    tracker, choice = Tracker(known, PresenceRules()), Choice(ChoiceRules())
    return DecisionPath(
        SceneDriver(tracker, choice, collector, CurrentScene(), bindings=dict, trace=Trace(known)), tracker
    )


def measure_callbacks() -> dict[str, float]:
    """Return nanoseconds per advert, the median over the seconds of a minute.

    `bleak`: its callback path; `ours`: our complete path, with deferred work (figures, trace, gaps); `radio` and
    `presence`: its two parts, up to the sighting and after it. In each second all get the same messages, created just
    before, as if they came from the bus.
    """
    data, known, played = frames(RATE), beacons(RATE), list(adverts(RATE, RATE * SECONDS))
    manager = build_bleak_manager(data)
    radio_only, complete, presence_only = build_reception(known, ignore), build_decision_path(), build_decision_path()
    complete_reception, decide = build_reception(known, complete.driver.hear), presence_only.driver.hear
    spent = defaultdict[str, list[int]](list)
    for second in range(SECONDS):
        due = played[second * RATE : (second + 1) * RATE]
        times = [second + place / RATE for place in range(RATE)]
        made = build_messages(due, data)
        with timed(spent["bleak"]):
            for message in made:
                manager._parse_msg(message)
        made = build_messages(due, data)
        with timed(spent["ours"]):
            for message, at in zip(made, times, strict=True):
                complete_reception.take(message, at)
            run_deferred_work(complete, second)
        made = build_messages(due, data)
        with timed(spent["radio"]):
            for message, at in zip(made, times, strict=True):
                radio_only.take(message, at)
        sightings = [
            Sighting(known[number].id, rssi, at, -59, "hci0") for (number, rssi), at in zip(due, times, strict=True)
        ]
        with timed(spent["presence"]):
            for sighting in sightings:
                decide(sighting)
            run_deferred_work(presence_only, second)
    return {name: median(each[WARM_UP_S:]) / RATE for name, each in spent.items()}


def build_messages(due: Iterable[tuple[int, int]], data: Sequence[bytes]) -> list[Message]:
    return [advert(number, rssi, data[number]) for number, rssi in due]


@contextmanager
def timed(spent: list[int]) -> Iterator[None]:
    begin = process_time_ns()
    yield
    spent.append(process_time_ns() - begin)


def build_bleak_manager(data: Sequence[bytes]) -> Any:
    """Return the manager of bleak 3.1 with a callback that does nothing."""

    def nothing(_device: BLEDevice, _data: AdvertisementData) -> None:
        pass

    manager: Any = BlueZManager()
    scanner: Any = BleakScannerBlueZDBus(nothing, None, "active", bluez={"adapter": "hci0"})
    manager._advertisement_callbacks[ADAPTER_PATH].append(scanner._handle_advertising_data)
    for number, each in enumerate(data):
        manager._parse_msg(appears(number, each))
    return manager


def ignore(_sighting: Sighting) -> None:
    pass


def build_reception(known: Iterable[Beacon], on_sighting: Callable[[Sighting], None]) -> Reception:
    """Return a reception with the place beacons as known transmitters, as in the daemon."""
    places = [Transmitter(beacon.id, beacon.label) for beacon in known if beacon.kind is BeaconKind.place]
    reception = Reception(places, BatteryLevels(known))
    reception.begin("hci0", on_sighting)
    return reception


def run_deferred_work(path: DecisionPath, now: float) -> None:
    """Update figures, trace and gaps, and tick once a second."""
    path.driver.update_figures()
    path.tracker.tick(now)
