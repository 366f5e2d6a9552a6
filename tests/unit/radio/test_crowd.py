"""A crowd of strangers fills no memory, and a beacon of ours is heard in it all the while."""

import sys
from collections.abc import Iterator
from random import Random
from typing import Any

from bleak.backends.bluezdbus.manager import BlueZManager
from bleak.backends.bluezdbus.scanner import BleakScannerBlueZDBus
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from beacon_gateway.frames import REMEMBERED, _remembered
from beacon_gateway.kiosk.follow import Follow
from beacon_gateway.kiosk.stage import Stage
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.tracker import Tracker
from beacon_gateway.radio.batteries import Batteries
from beacon_gateway.radio.bleak_books import MOST_DEVICES, Books
from beacon_gateway.radio.reception import Reception
from tests.bench.adverts.bluez import ADAPTER_PATH, advert, appears
from tests.bench.adverts.flood import path
from tests.bench.adverts.street import beacons, frames

CROWD = 10_000
(WALL,) = beacons(1)
(WALL_OCTETS,) = frames(1)


def crowd(count: int) -> Iterator[bytes]:
    draw = Random(1)
    for number in range(count):
        yield (b"\x02\x15" if number % 3 == 0 else draw.randbytes(2)) + draw.randbytes(21)


def test_what_bleak_remembers_stays_within_bounds_and_ours_is_never_forgotten() -> None:
    told: list[Sighting] = []
    reception = Reception((), Batteries([WALL]))

    def heard(_device: BLEDevice, data: AdvertisementData) -> None:
        reception.take("hci0", data, float(len(told)), told.append)
        books.tidy()

    manager: Any = BlueZManager()
    backend: Any = BleakScannerBlueZDBus(heard, None, "active", bluez={"adapter": "hci0"})
    books = Books(backend, manager, reception.keeps)
    manager._advertisement_callbacks[ADAPTER_PATH].append(backend._handle_advertising_data)
    manager._parse_msg(appears(0, WALL_OCTETS))
    for number, octets in enumerate(crowd(CROWD)):
        manager._parse_msg(appears(number, octets, path(number)))
        if number % 100 == 0:
            manager._parse_msg(advert(0, -60, WALL_OCTETS))
        assert len(backend.seen_devices) <= MOST_DEVICES + 1
        assert len(manager._properties) <= MOST_DEVICES + 1
    assert books.forgotten >= CROWD - MOST_DEVICES - 1
    assert sum(sighting.beacon == WALL.id for sighting in told) == CROWD // 100 + 1, "ours was heard each time"
    assert len(told) > CROWD // 3, "and so was each stranger, once"


def test_nothing_of_ours_grows_with_the_number_of_strangers() -> None:
    collector = Collector([WALL])
    tracker, trace = Tracker([WALL], PresenceRules()), Trace([WALL])
    follow = Follow(tracker, Choice(ChoiceRules()), collector, Stage(), bindings=dict, trace=trace)
    reception = Reception((), Batteries([WALL]))
    sizes: list[tuple[int, ...]] = []
    for number, octets in enumerate(crowd(3 * CROWD)):
        data = AdvertisementData(None, {0x004C: octets}, {}, [], None, -70, ())
        reception.take("hci0", data, number / 2000, follow.hear)
        if number % 500 == 0:
            follow.count()
        if number % CROWD == CROWD - 1:
            follow.count()
            sizes.append(tuple(size(each) for each in (reception, collector, tracker, trace, follow)))
        assert len(_remembered) <= REMEMBERED
    assert sizes[0] == sizes[1] == sizes[2]
    assert (collector.foreign, tracker.foreign_frames) == (CROWD, CROWD)


def size(thing: object) -> int:
    """How many things hang on it, through dictionaries, lists, slots and attributes."""
    seen: set[int] = set()
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type(sys) | type | str | bytes | int | float):
            continue
        seen.add(id(one))
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        else:
            waiting += vars(one).values() if hasattr(one, "__dict__") else ()
            waiting += [getattr(one, slot) for slot in getattr(type(one), "__slots__", ()) if hasattr(one, slot)]
    return len(seen)
