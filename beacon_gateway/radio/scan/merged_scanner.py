"""Combine all scanning Bluetooth adapters into one Scanner; each is supervised alone, so losing one stops no other."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.radio_status import HeardAdvert, RadioStatus
from beacon_gateway.radio.bluetoothd_restart_watch import watch_disturbances
from beacon_gateway.radio.bluez_bus import AccessDenied, NoAnswer, SystemBus, system_bus
from beacon_gateway.radio.ports import RadioLost
from beacon_gateway.radio.recovery import adapter_faults
from beacon_gateway.radio.recovery.liveness import merge_liveness
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from sync_contract.beacon_identity import BeaconId

SLOW_POLL_S = 60.0
"""Signals announce adapters. Polling is expensive in a crowd, as BlueZ replies with every device that it knows."""
_FIRST = "hci0"
"""The adapter that is waited for, and recovered, if BlueZ has none at all."""
_BEST_FIRST = (
    "hearing",
    "listening",
    "silent",
    "starting",
    "refused",
    "off",
    "no_adapter",
    "no_bluetoothd",
    "access_denied",
    "no_answer",
)


class MergedScanner:
    """`adapters`: such as hci0, hci1; empty: all, including those that are plugged in later.

    A beacon received by two adapters gives two sightings, which Sighting.adapter distinguishes.
    """

    name = "bluez"

    def __init__(self, adapters: Sequence[str], options: ScanOptions | None = None) -> None:
        self._requested = tuple(adapters)
        self._options = options or ScanOptions()
        self._timings = self._options.timings
        self._scanners: dict[str, AdapterScanner] = {}
        self._without_bus = False

    async def hear(self, on_sighting: Callable[[Sighting], None]) -> None:
        """Run until cancelled. Raise RadioLost if the bus has ended, or the last adapter is lost."""
        running: dict[str, asyncio.Task[None]] = {}
        self._without_bus = True  # reported until there is a bus
        async with system_bus(self._timings.call_limit_s) as bus:
            self._without_bus = False
            watch = await watch_disturbances(bus, scans=False)
            try:
                while True:
                    watch.clear()
                    found = await self._find_adapters(bus)
                    for name in found or tuple(self._scanners) or (_FIRST,):
                        if name not in running:
                            running[name] = asyncio.create_task(self._scanner(name).hear(on_sighting), name=name)
                            running[name].add_done_callback(lambda _: watch.mark("an adapter's scan ended"))
                    if bus.ended.done():
                        raise RadioLost("the D-Bus system bus is gone")
                    await watch.wait(SLOW_POLL_S if found else self._timings.adapter_poll_s)
                    for name in [name for name, task in running.items() if task.done()]:
                        _check_end(running.pop(name), last=not running)
            finally:
                for task in running.values():
                    task.cancel()
                await asyncio.gather(*running.values(), return_exceptions=True)

    def read_status(self) -> RadioStatus:
        now, scanners = monotonic(), self._scanners.values()
        adapters = {name: scanner.read_status() for name, scanner in sorted(self._scanners.items())}
        states = {status.state for status in adapters.values()}
        liveness = merge_liveness(scanner.judge_liveness(now) for scanner in scanners)
        quiet_s = min((each for scanner in scanners if (each := scanner.quiet_s(now)) is not None), default=None)
        listens_s = max((each for scanner in scanners if (each := scanner.listens_s(now)) is not None), default=None)
        return RadioStatus(
            state="no_answer" if self._without_bus else min(states, key=_BEST_FIRST.index, default="starting"),
            frames=sum(status.frames for status in adapters.values()),
            foreign=sum(status.foreign for status in adapters.values()),
            trouble=adapter_faults.find_trouble(liveness, quiet_s, listens_s, self._timings),
            liveness=liveness,
            batteries=self._options.batteries.read_status(now),
            asks_a_person=any(scanner.recovery.ladder.asks_a_person for scanner in scanners),
            adapters=adapters,
        )

    def is_recovering(self, adapter: str) -> bool:
        """Return whether steps are being taken against a fault of `adapter` that switch it off or reset it."""
        return adapter in self._scanners and self._scanners[adapter].recovery.is_disturbing

    def measure(self, beacon: BeaconId, sent_by: str | None) -> HeardAdvert | None:
        """Return how the adapter that receives most of our advert `beacon` does; `sent_by` does not receive it."""
        now = monotonic()
        found = [
            heard
            for name, scanner in self._scanners.items()
            if name != sent_by
            and (times := scanner.reception.liveness.last_heard(beacon))
            and (heard := times.measure(name, now))
        ]
        return max(found, key=lambda heard: heard.per_s, default=None)

    @property
    def foreign(self) -> frozenset[BeaconId]:
        """Our own adverts that another transmitter sends."""
        return frozenset[BeaconId]().union(*(each.reception.liveness.foreign for each in self._scanners.values()))

    async def _find_adapters(self, bus: SystemBus) -> tuple[str, ...]:
        """Return the adapters that are to scan; none if BlueZ has none, does not reply or must not be asked."""
        if self._requested:
            return self._requested
        try:
            return tuple(await bus.list_adapters())
        except (NoAnswer, AccessDenied):
            return ()

    def _scanner(self, name: str) -> AdapterScanner:
        if name not in self._scanners:
            self._scanners[name] = AdapterScanner(
                name,
                self._options,
                others_hear=lambda: any(other.hears for other in self._others(name)),
                heard_elsewhere=lambda: frozenset[str]().union(
                    *(other.reception.liveness.ever_heard for other in self._others(name))
                ),
                spare=not self._requested,
            )
        return self._scanners[name]

    def _others(self, name: str) -> list[AdapterScanner]:
        return [scanner for other, scanner in self._scanners.items() if other != name]


def _check_end(task: asyncio.Task[None], *, last: bool) -> None:
    """Ignore a lost adapter while others scan. Raise any other error that ended a scan."""
    try:
        task.result()
    except RadioLost:
        if last:
            raise
