"""All Bluetooth adapters that listen, as one Scanner. Each is supervised on its own; losing one stops no other."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Literal

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.bluez import NoAnswer, SystemBus, system_bus
from beacon_gateway.radio.bluez_watch import LOOK_AGAIN_S, watch_radio
from beacon_gateway.radio.port import RadioHelper, RadioLost, Unfilter
from beacon_gateway.radio.radio_wording import hearing
from beacon_gateway.radio.recovery import adapter_faults
from beacon_gateway.radio.recovery.liveness import Transmitter, merge
from beacon_gateway.radio.recovery.recovery_loop import NoHelper
from beacon_gateway.radio.scan.battery_levels import Batteries
from beacon_gateway.radio.scan.scanner import BlueZScanner
from sync_contract.beacon_identity import BeaconId

RESTARTS_APART_S = 60.0
LOOK_SELDOM_S = 60.0
"""Adapters that come and go are told; to look is dear in a crowd, for BlueZ then answers with every device it knows."""
_FIRST = "hci0"
"""Waited for, and recovered, where BlueZ shows no adapter at all: the name of the first one."""
_BEST_FIRST = ("hearing", "listening", "silent", "starting", "refused", "off", "no_adapter", "no_answer")


class MergedScanner:
    """`adapters`: e.g. hci0, hci1; empty: all that there are, also those plugged in later. `only_looks`: no adapter is
    ever switched off or reset, for another program works with them.

    The rest as for BlueZScanner. A beacon heard by two adapters gives two sightings: Sighting.adapter tells which.
    """

    name = "bluez"

    def __init__(
        self,
        adapters: Sequence[str],
        *,
        mode: Literal["active", "passive"] = "active",
        silence_s: float = 60.0,
        patience_s: float = 60.0,
        transmitters: Sequence[Transmitter] = (),
        helper: RadioHelper | None = None,
        batteries: Batteries | None = None,
        unfilter: Unfilter | None = None,
        only_looks: bool = False,
    ) -> None:
        self._only_looks = only_looks
        self._wanted = tuple(adapters)
        self._mode: Literal["active", "passive"] = mode
        self._silence_s = silence_s
        self._patience_s = patience_s
        self._transmitters = tuple(transmitters)
        self._helper = _OnceForAll(helper or NoHelper())
        self._batteries = batteries or Batteries()
        self._unfilter = unfilter
        self._ears: dict[str, BlueZScanner] = {}
        self._without_bus = False

    async def hear(self, tell: Callable[[Sighting], None]) -> None:
        """Until cancelled. Raises RadioLost when the bus is gone, or the last adapter is."""
        running: dict[str, asyncio.Task[None]] = {}
        self._without_bus = True  # told for as long as there is none: nobody else would notice
        async with system_bus() as bus:
            self._without_bus = False
            watch = await watch_radio(bus, scans=False)
            try:
                while True:
                    watch.clear()
                    found = await self._found(bus)
                    for name in found or tuple(self._ears) or (_FIRST,):
                        if name not in running:
                            running[name] = asyncio.create_task(self._ear(name).hear(tell), name=name)
                            running[name].add_done_callback(lambda _: watch.mark("an adapter's scan ended"))
                    if bus.end.done():
                        raise RadioLost("the D-Bus system bus is gone")
                    await watch.wait(LOOK_SELDOM_S if found else LOOK_AGAIN_S)
                    for name in [name for name, task in running.items() if task.done()]:
                        _judge_end(running.pop(name), last=not running)
            finally:
                for task in running.values():
                    task.cancel()
                await asyncio.gather(*running.values(), return_exceptions=True)

    def describe(self) -> dict[str, object]:
        """`state`: of the adapter that is best off; `adapters`: of each its own.

        Of all together: `trouble`, what they do not hear (a word of radio.faults, or None), `liveness`, `batteries`.
        """
        now = monotonic()
        adapters = {name: ear.describe() for name, ear in sorted(self._ears.items())}
        states = {str(told["state"]) for told in adapters.values()}
        verdict = merge(ear.verdict(now) for ear in self._ears.values())
        quiet_s = min((each for ear in self._ears.values() if (each := ear.quiet_s(now)) is not None), default=None)
        listens_s = max((each for ear in self._ears.values() if (each := ear.listens_s(now)) is not None), default=None)
        return {
            "state": "no_answer" if self._without_bus else min(states, key=_BEST_FIRST.index, default="starting"),
            "frames": sum(ear.reception.frames for ear in self._ears.values()),
            "trouble": adapter_faults.trouble(verdict, quiet_s, listens_s),
            "liveness": {**verdict.describe(), "words": hearing(verdict)},
            "batteries": self._batteries.describe(now),
            "asks_a_person": any(ear.asks_a_person for ear in self._ears.values()),
            "adapters": adapters,
        }

    def recovers(self, adapter: str) -> bool:
        """Whether steps are being taken against a fault of `adapter` that switch it off or reset it."""
        return adapter in self._ears and self._ears[adapter].recovers

    async def _found(self, bus: SystemBus) -> tuple[str, ...]:
        """Which are to listen; none when BlueZ knows none, or gives no answer."""
        if self._wanted:
            return self._wanted
        try:
            return tuple(await bus.adapters())
        except NoAnswer:
            return ()

    def _ear(self, name: str) -> BlueZScanner:
        if name not in self._ears:
            self._ears[name] = BlueZScanner(
                name,
                mode=self._mode,
                silence_s=self._silence_s,
                patience_s=self._patience_s,
                transmitters=self._transmitters,
                helper=self._helper,
                batteries=self._batteries,
                unfilter=self._unfilter,
                others_hear=lambda: self._another_hears(name),
                elsewhere=lambda: self._heard_elsewhere(name),
                spare=not self._wanted,
                only_looks=self._only_looks,
            )
        return self._ears[name]

    def _another_hears(self, name: str) -> bool:
        return any(ear.hears for other, ear in self._ears.items() if other != name)

    @property
    def foreign(self) -> frozenset[BeaconId]:
        """Adverts of ours that another transmitter sends."""
        return frozenset().union(*(ear.reception.liveness.foreign for ear in self._ears.values()))

    def _heard_elsewhere(self, name: str) -> frozenset[str]:
        """Labels of the known transmitters that other adapters have heard since the start."""
        return frozenset().union(*(ear.ever_heard for other, ear in self._ears.items() if other != name))


class _OnceForAll:
    """What is done for one adapter is done for all: bluetoothd is not restarted for each of them."""

    def __init__(self, helper: RadioHelper) -> None:
        self._helper = helper
        self._lock = asyncio.Lock()
        self._restarted_at = float("-inf")

    async def restart_bluetoothd(self) -> None:
        async with self._lock:
            if monotonic() - self._restarted_at < RESTARTS_APART_S:
                return  # for another adapter: what that brings is waited for here too
            await self._helper.restart_bluetoothd()
            self._restarted_at = monotonic()

    async def reset(self, adapter: str) -> None:
        async with self._lock:
            await self._helper.reset(adapter)

    async def reset_hardware(self, adapter: str) -> None:
        async with self._lock:
            await self._helper.reset_hardware(adapter)


def _judge_end(task: asyncio.Task[None], *, last: bool) -> None:
    """A lost adapter is waited for while others hear; anything else that ended a scan is a fault of ours."""
    try:
        task.result()
    except RadioLost:
        if last:
            raise
