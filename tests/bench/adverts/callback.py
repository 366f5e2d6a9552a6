"""The callback path alone, without a socket: bleak's, from a D-Bus message to its callback, and ours, from there on.

Both in one process, on the same adverts, in turn.
"""

import gc
from collections.abc import Callable
from time import process_time_ns
from typing import Any

from bleak.backends.bluezdbus.manager import BlueZManager
from bleak.backends.bluezdbus.scanner import BleakScannerBlueZDBus
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from beacon_gateway.kiosk.follow import Follow
from beacon_gateway.kiosk.stage import Stage
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.tracker import Tracker
from beacon_gateway.radio.batteries import Batteries
from beacon_gateway.radio.reception import Reception
from tests.bench.adverts.bluez import ADAPTER_PATH, advert, appears
from tests.bench.adverts.street import adverts, beacons, frames

RATE = 500
SECONDS = 40
WARM_UP_S = 10
"""Until everybody has arrived and the zones are found."""
ROUNDS = 7
A_TICK = RATE // 4
"""Adverts from one tick to the next: then they are counted."""


def follow(rate: int) -> Follow:
    """The gateway's own, without stages."""
    known = beacons(rate)
    collector = Collector(known, interval_ms={beacon.id: 100 for beacon in known})
    choice = Choice(ChoiceRules())
    return Follow(Tracker(known, PresenceRules()), choice, collector, Stage(), bindings=lambda: {}, trace=Trace(known))


def costs() -> dict[str, float]:
    """Nanoseconds an advert, the least of several rounds: `bleak`, `ours`, and `presence`, which is a part of ours."""
    octets = frames(RATE)
    played = list(adverts(RATE, RATE * SECONDS))
    messages = [advert(number, rssi, octets[number]) for number, rssi in played]
    heard: list[AdvertisementData] = []

    def keep(_device: BLEDevice, data: AdvertisementData) -> None:
        heard.append(data)

    def nothing(_device: BLEDevice, _data: AdvertisementData) -> None:
        pass

    def bleak(callback: Callable[[BLEDevice, AdvertisementData], None]) -> float:
        manager: Any = BlueZManager()
        scanner: Any = BleakScannerBlueZDBus(callback, None, "active", bluez={"adapter": "hci0"})
        manager._advertisement_callbacks[ADAPTER_PATH].append(scanner._handle_advertising_data)
        for number, each in enumerate(octets):
            manager._parse_msg(appears(number, each))
        return timed(manager._parse_msg, messages)

    warm_up = RATE * WARM_UP_S
    bleak(keep)
    del heard[: len(octets)]
    known = beacons(RATE)
    sightings = [Sighting(known[number].id, rssi, k / RATE, -59, "hci0") for k, (number, rssi) in enumerate(played)]

    def ours() -> float:
        take, following = Reception((), Batteries()).take, follow(RATE)
        hear, begin = following.hear, 0
        for number, data in enumerate(heard):
            if number == warm_up:
                begin = process_time_ns()
            take("hci0", data, number / RATE, hear)
            if number % A_TICK == 0:
                following.count()
        return (process_time_ns() - begin) / (len(heard) - warm_up)

    def presence() -> float:
        following, begin = follow(RATE), 0
        hear = following.hear
        for number, sighting in enumerate(sightings):
            if number == warm_up:
                begin = process_time_ns()
            hear(sighting)
            if number % A_TICK == 0:
                following.count()
        return (process_time_ns() - begin) / (len(sightings) - warm_up)

    gc.collect()
    gc.freeze()  # the adverts that wait for their turn are no heap of the gateway's
    least = {"bleak": float("inf"), "ours": float("inf"), "presence": float("inf")}
    for _ in range(ROUNDS):
        least["bleak"] = min(least["bleak"], bleak(nothing))
        least["ours"] = min(least["ours"], ours())
        least["presence"] = min(least["presence"], presence())
    return least


def timed(take: Callable[[Any], object], each: list[Any]) -> float:
    begin = process_time_ns()
    for one in each:
        take(one)
    return (process_time_ns() - begin) / len(each)
