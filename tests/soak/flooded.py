"""Run the gateway's path of adverts until SIGTERM; then print figures as JSON: `python -m tests.soak.flooded`.

It prints `listening` first. Its allow-list contains the one wall beacon of the flood.
"""

import asyncio
import json
import logging
import signal
from time import monotonic

import structlog

from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.scene_driver import SceneDriver
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.radio.scan.battery_levels import BatteryLevels
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from tests.bench.adverts.street import beacons

LOOK_S = 0.01


async def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    known = beacons(1)
    collector = Collector(known)
    follow = SceneDriver(
        Tracker(known, PresenceRules()),
        Choice(ChoiceRules()),
        collector,
        CurrentScene(),
        bindings=dict,
        trace=Trace(known),
    )
    scanner = MergedScanner((), ScanOptions(batteries=BatteryLevels(known)))
    stop, lags_s = asyncio.Event(), list[float]()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def watch_loop() -> None:
        while True:
            due = monotonic() + LOOK_S
            await asyncio.sleep(LOOK_S)
            lags_s.append(monotonic() - due)

    async with asyncio.TaskGroup() as stages:
        running = [
            stages.create_task(work)
            for work in (scanner.hear(follow.hear), follow.tick(lambda: None), watch_loop(), stop.wait())
        ]
        print("listening", flush=True)
        await stop.wait()
        for task in running:
            task.cancel()
    follow.update_figures()
    status = scanner.read_status()
    lags_s.sort()
    figures = {
        "frames": status.frames,
        "foreign": collector.foreign,
        "rebuilds": sum(adapter.rebuilds for adapter in status.adapters.values()),
        "lag_p99_ms": 1000 * lags_s[len(lags_s) * 99 // 100],
        "wall_visits": len(follow.trace.decisions),
    }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
