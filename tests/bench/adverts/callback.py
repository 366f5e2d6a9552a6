"""Without a socket: bleak's callback path, from a D-Bus message to its callback, and ours, from it to the decision.

Both in one process, on the same messages, in turn.
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

from beacon_gateway.kiosk.scene_driver import SceneDriver
from beacon_gateway.kiosk.stage import Stage
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.tracker import Tracker
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.scan.battery_levels import BatteryLevels
from beacon_gateway.radio.scan.reception import Reception
from sync_contract.catalogue import BeaconKind
from tests.bench.adverts.bluez import ADAPTER_PATH, advert, appears
from tests.bench.adverts.street import adverts, beacons, frames

RATE = 500
SECONDS = 70
WARM_UP_S = 10
"""Until everybody has arrived and the zones are found."""


class Followed(NamedTuple):
    """The gateway's own, without stages."""

    follow: SceneDriver
    tracker: Tracker


def followed() -> Followed:
    known = beacons(RATE)
    collector = Collector(known, interval_ms={beacon.id: 100 for beacon in known})
    tracker, choice = Tracker(known, PresenceRules()), Choice(ChoiceRules())
    return Followed(SceneDriver(tracker, choice, collector, Stage(), bindings=dict, trace=Trace(known)), tracker)


def costs() -> dict[str, float]:
    """Nanoseconds an advert, the median over the seconds of a minute.

    `bleak`: its callback path; `ours`: all that we do instead and after it, with what waits (figures, trace, gaps);
    `radio` and `presence`: its two parts, from the message to the sighting and from there on. In each second each way
    gets the same messages, made just before, as they are when they come from the bus.
    """
    octets, known, played = frames(RATE), beacons(RATE), list(adverts(RATE, RATE * SECONDS))
    manager = bleaks_manager(octets)
    alone, whole, half = receiving(known, no_more), followed(), followed()
    received, decided = receiving(known, whole.follow.hear), half.follow.hear
    spent = defaultdict[str, list[int]](list)
    for second in range(SECONDS):
        due = played[second * RATE : (second + 1) * RATE]
        times = [second + place / RATE for place in range(RATE)]
        made = messages(due, octets)
        with timed(spent["bleak"]):
            for message in made:
                manager._parse_msg(message)
        made = messages(due, octets)
        with timed(spent["ours"]):
            for message, at in zip(made, times, strict=True):
                received.take(message, at)
            counted(whole, second)
        made = messages(due, octets)
        with timed(spent["radio"]):
            for message, at in zip(made, times, strict=True):
                alone.take(message, at)
        sightings = [
            Sighting(known[number].id, rssi, at, -59, "hci0") for (number, rssi), at in zip(due, times, strict=True)
        ]
        with timed(spent["presence"]):
            for sighting in sightings:
                decided(sighting)
            counted(half, second)
    return {name: median(each[WARM_UP_S:]) / RATE for name, each in spent.items()}


def messages(due: Iterable[tuple[int, int]], octets: Sequence[bytes]) -> list[Message]:
    return [advert(number, rssi, octets[number]) for number, rssi in due]


@contextmanager
def timed(spent: list[int]) -> Iterator[None]:
    begin = process_time_ns()
    yield
    spent.append(process_time_ns() - begin)


def bleaks_manager(octets: Sequence[bytes]) -> Any:
    """bleak 3.1, up to a callback that does nothing."""

    def nothing(_device: BLEDevice, _data: AdvertisementData) -> None:
        pass

    manager: Any = BlueZManager()
    scanner: Any = BleakScannerBlueZDBus(nothing, None, "active", bluez={"adapter": "hci0"})
    manager._advertisement_callbacks[ADAPTER_PATH].append(scanner._handle_advertising_data)
    for number, each in enumerate(octets):
        manager._parse_msg(appears(number, each))
    return manager


def no_more(_sighting: Sighting) -> None:
    pass


def receiving(known: Iterable[Beacon], tell: Callable[[Sighting], None]) -> Reception:
    """With the place beacons as known transmitters, as in the daemon."""
    places = [Transmitter(beacon.id, beacon.label) for beacon in known if beacon.kind is BeaconKind.place]
    reception = Reception(places, BatteryLevels(known))
    reception.begin("hci0", tell)
    return reception


def counted(following: Followed, now: float) -> None:
    """What waits: figures, trace and gaps. Of the ticks, which look at visits and not at adverts, one a second."""
    following.follow.update_figures()
    following.tracker.tick(now)
