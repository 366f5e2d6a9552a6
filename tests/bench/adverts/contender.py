"""Receive adverts with one library until SIGTERM: `python contender.py NAME TIMES_FILE [RATE|PORT]`.

It prints `listening`, and at the end writes when each advert was processed. It also runs in the environment of the
other libraries, so it imports only what it needs.
"""

import asyncio
import signal
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from time import monotonic

done = array("d")


async def until_stopped() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    print("listening", flush=True)
    await stop.wait()


async def bleak(_: str) -> None:
    """Receive with bare bleak."""
    from bleak import BleakScanner
    from bleak.args.bluez import BlueZScannerArgs

    def heard(_device: object, _data: object) -> None:
        done.append(monotonic())

    options = BlueZScannerArgs(adapter="hci0", filters={"DuplicateData": True})
    async with BleakScanner(heard, scanning_mode="active", bluez=options):
        await until_stopped()


async def ours(rate: str) -> None:
    """Receive as the gateway: merged scanner, frames, statistics, presence, choice, trace and ticks."""
    import logging

    import structlog

    from beacon_gateway.kiosk.current_scene import CurrentScene
    from beacon_gateway.kiosk.scene_driver import SceneDriver
    from beacon_gateway.model.beacons import Sighting
    from beacon_gateway.presence.choice import Choice
    from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
    from beacon_gateway.presence.project_selection import Circumstances
    from beacon_gateway.presence.statistics import Collector
    from beacon_gateway.presence.trace import Trace
    from beacon_gateway.presence.visit_tracker import Tracker
    from beacon_gateway.radio.scan.merged_scanner import MergedScanner
    from tests.bench.adverts.street import beacons

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    known = beacons(int(rate))
    collector = Collector(known, interval_ms={beacon.id: 100 for beacon in known})
    choice = Choice(ChoiceRules(), circumstances=lambda now: Circumstances(cloned=collector.cloned(now)))
    follow = SceneDriver(
        Tracker(known, PresenceRules()), choice, collector, CurrentScene(), bindings=lambda: {}, trace=Trace(known)
    )

    def hear(sighting: Sighting) -> None:
        follow.hear(sighting)
        done.append(monotonic())

    scanner = MergedScanner(())
    async with asyncio.TaskGroup() as stages:
        running = [
            stages.create_task(scanner.hear(hear)),
            stages.create_task(follow.tick(lambda: None)),
        ]
        await until_stopped()
        for task in running:
            task.cancel()


async def habluetooth(_: str) -> None:
    """Receive with Home Assistant's manager and its scanner for a local adapter."""
    from habluetooth import (  # type: ignore[import-not-found,unused-ignore]  # the peer
        BluetoothManager,
        BluetoothScanningMode,
        HaScanner,
        set_manager,
    )

    class Manager(BluetoothManager):  # type: ignore[misc,unused-ignore]  # the peer is not in our environment
        def _discover_service_info(self, service_info: object) -> None:
            """Ignore discoveries: adverts that it filters do not come here."""

    class Scanner(HaScanner):  # type: ignore[misc,unused-ignore]  # the peer
        def _async_detection_callback(self, device: object, data: object) -> None:
            super()._async_detection_callback(device, data)
            done.append(monotonic())

    manager = Manager()
    set_manager(manager)
    await manager.async_setup()
    scanner = Scanner(BluetoothScanningMode.ACTIVE, "hci0", "00:00:5E:00:53:00")
    scanner.async_setup()
    manager.async_register_scanner(scanner)
    await scanner.async_start()
    await until_stopped()
    await scanner.async_stop()


async def theengs(port: str) -> None:
    """Receive with Theengs Gateway: defaults, presence on, and a broker that accepts everything."""
    from TheengsGateway.config import DEFAULT_CONFIG  # type: ignore[import-not-found,unused-ignore]  # the peer
    from TheengsGateway.discovery import DiscoveryGateway  # type: ignore[import-not-found,unused-ignore]  # the peer

    class Gateway(DiscoveryGateway):  # type: ignore[misc,unused-ignore]  # the peer
        def detection_callback(self, device: object, data: object) -> None:
            super().detection_callback(device, data)
            done.append(monotonic())

    changed = {"host": "127.0.0.1", "port": int(port), "ble_scan_time": 1000, "presence": 1, "gateway_id": "bench"}
    gateway = Gateway({**DEFAULT_CONFIG, **changed})
    gateway.connect_mqtt()
    gateway.client.loop_start()
    while not gateway.client.is_connected():
        await asyncio.sleep(0.05)
    scan = asyncio.create_task(gateway.ble_scan_loop())
    await until_stopped()
    scan.cancel()


WAYS: dict[str, Callable[[str], object]] = {
    "bleak": bleak,
    "ours": ours,
    "habluetooth": habluetooth,
    "theengs": theengs,
}


def main() -> None:
    _, name, file, argument = sys.argv
    asyncio.run(WAYS[name](argument))  # type: ignore[arg-type]  # all are coroutines
    Path(file).write_bytes(done.tobytes())


if __name__ == "__main__":
    main()
