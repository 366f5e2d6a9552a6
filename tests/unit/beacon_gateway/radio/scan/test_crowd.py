"""A crowd of unknown beacons uses bounded memory, and our beacon is received in it."""

import sys
from collections.abc import Iterator
from random import Random

import pytest
from bleak.backends.bluezdbus.manager import get_global_bluez_manager

from beacon_gateway.frames import CACHE_SIZE, IDENTITY_CACHES
from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.scene_driver import SceneDriver
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from beacon_gateway.radio.scan.battery_levels import BatteryLevels
from beacon_gateway.radio.scan.reception import MAX_SOURCES, Reception
from beacon_gateway.radio.scan.scan_options import ScanOptions
from tests.bench.adverts.bluez import ADAPTER_PATH, advert, appears
from tests.bench.adverts.flood import path
from tests.bench.adverts.street import beacons, frames
from tests.radio.waiting import running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ

pytestmark = pytest.mark.thorough

CROWD = 10_000
(WALL,) = beacons(1)
(WALL_DATA,) = frames(1)


def crowd(count: int) -> Iterator[bytes]:
    draw = Random(1)
    for number in range(count):
        yield (b"\x02\x15" if number % 3 == 0 else draw.randbytes(2)) + draw.randbytes(21)


async def test_bleak_stores_nothing_of_a_crowd(bluez: FakeBlueZ) -> None:
    sightings: list[Sighting] = []
    scanner = AdapterScanner("hci0", ScanOptions(batteries=BatteryLevels([WALL])))
    async with running(scanner.hear(sightings.append)):
        await until(lambda: scanner.read_status().state == "listening")
        for number, data in enumerate(crowd(CROWD // 10)):
            await bluez.send(appears(number, data, path(number)))
            if number % 50 == 0:  # the sending connection takes no more at once
                await until(lambda sent=number + 1: scanner.reception.foreign + len(sightings) == sent)  # type: ignore[misc]  # bound early on purpose
        await bluez.send(advert(0, -60, WALL_DATA))
        await until(lambda: any(sighting.beacon == WALL.id for sighting in sightings))
        manager = await get_global_bluez_manager()
        assert list(manager._properties) == [ADAPTER_PATH]
    await bluez.send(appears(1, WALL_DATA))
    await bluez.send(appears(1, WALL_DATA, "/org/bluez/hci9/dev_00_00_00_00_00_01"))
    await bluez.plug("hci1")
    await until(lambda: "/org/bluez/hci1" in manager._properties)
    assert set(manager._properties) == {ADAPTER_PATH, "/org/bluez/hci1"}, "neither after the scan nor of other adapters"


def test_our_data_does_not_grow_with_the_number_of_unknown_beacons() -> None:
    collector = Collector([WALL])
    tracker, trace = Tracker([WALL], PresenceRules()), Trace([WALL])
    follow = SceneDriver(tracker, Choice(ChoiceRules()), collector, CurrentScene(), bindings=dict, trace=trace)
    reception = Reception((), BatteryLevels([WALL]))
    reception.begin("hci0", follow.hear)
    sizes: list[tuple[int, ...]] = []
    for number, data in enumerate(crowd(3 * CROWD)):
        reception.take(appears(number, data, path(number)), number / 2000)
        if number % 500 == 0:
            follow.update_figures()
        if number % CROWD == CROWD - 1:
            follow.update_figures()
            sizes.append(tuple(count_objects(each) for each in (collector, tracker, trace, follow)))
        assert all(len(cache) <= CACHE_SIZE for _, cache in IDENTITY_CACHES)
        assert len(reception._sources) <= MAX_SOURCES
    assert sizes[0] == sizes[1] == sizes[2]
    assert (collector.foreign, tracker.foreign_frames) == (CROWD, CROWD)


def count_objects(thing: object) -> int:
    """Return the number of objects reachable through dictionaries, lists, slots and attributes."""
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
