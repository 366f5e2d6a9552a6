"""Scan after scan of one adapter: each begun, listened to until something disturbs it, and the next one begun.

What a scan may end for, and whether a passive one hears at all, is known here; what outlasts a new scan is not
(radio.recovery).
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from time import monotonic
from typing import Literal

import structlog
from dbus_fast import Message

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.bluez import NoAnswer, SystemBus
from beacon_gateway.radio.bluez_watch import Watch, usable_adapter
from beacon_gateway.radio.port import Unfilter
from beacon_gateway.radio.radio_wording import NO_PASSIVE, PASSIVE_HEARS_LESS, Words
from beacon_gateway.radio.scan.advertisement_monitor import INTERFACE as MONITOR
from beacon_gateway.radio.scan.bluez_cache import forget_ibeacons
from beacon_gateway.radio.scan.duplicate_filter import Duplicates
from beacon_gateway.radio.scan.monitor_jam import Jam
from beacon_gateway.radio.scan.orphaned_scan import LeftScan
from beacon_gateway.radio.scan.reception import Reception
from beacon_gateway.radio.scan.scan_session import StartRefused, scan
from beacon_gateway.radio.scan.scan_state import ScanState

log = structlog.get_logger()

PAUSE_FIRST_S = 0.2
PAUSE_CAP_S = 5.0
BUSY_PAUSE_S = 0.5
SELF_TEST_S = 5.0
PROOF_S = 5.0
"""A passive scan that has heard nothing for so long from its start is tested, once: it may never have begun."""
LOOK_S = 5.0

_SELF_TEST_OVER = "self-test over"
_JAMMED = "the kernel takes no monitor"


class Scans:
    """The parameters are those of BlueZScanner. What is heard goes through `reception`."""

    def __init__(
        self,
        wanted: str | None,
        reception: Reception,
        *,
        mode: Literal["active", "passive"],
        silence_s: float,
        patience_s: float,
        unfilter: Unfilter | None,
        only_looks: bool,
    ) -> None:
        self._wanted = wanted
        self.adapter = wanted or ""
        self.mode = mode
        self.mode_words: Words | None = None
        """Why a passive scan was given up."""
        self._silence_s = silence_s
        self._patience_s = patience_s
        self.reception = reception
        self._only_looks = only_looks
        self.duplicates = Duplicates(unfilter)
        self.state = ScanState()
        self.starts_refused = 0
        self.refused: str | None = None
        self._left_scan = LeftScan()
        self._jam = Jam()
        self._to_be_proved = True
        """Nothing was heard by a passive scan since it was last disturbed."""

    async def follow(self, bus: SystemBus, watch: Watch, tell: Callable[[Sighting], None]) -> None:
        """Until cancelled. Raises RadioLost when the bus is gone, or no adapter is there for `patience_s`."""
        pause_s = PAUSE_FIRST_S
        while True:
            adapter = self.adapter = await usable_adapter(
                bus,
                watch,
                self._wanted,
                advertising=False,
                patience_s=self._patience_s,
                tell_state=self._enter,
            )
            try:
                why = await self._scan(bus, adapter, watch, tell)
                self.state.renewed(why, adapter)
                if why == _JAMMED:
                    await self._end_jam(bus, adapter)
                self._to_be_proved = why != "silence"
                if self.mode == "passive" and why == "silence":
                    await self._test_passive(bus, adapter, watch, tell)
                pause_s = PAUSE_FIRST_S
            except StartRefused as refused:
                pause_s = BUSY_PAUSE_S if refused.busy else min(2 * pause_s, PAUSE_CAP_S)
                await self._on_refusal(bus, adapter, watch, refused)
            await asyncio.sleep(pause_s)

    def abandoned(self, at: float) -> None:
        """Nobody follows any more since `at`, monotonic seconds: the bus may have died with a scan under way."""
        self._left_scan.died(at)

    async def _scan(
        self,
        bus: SystemBus,
        adapter: str,
        watch: Watch,
        tell: Callable[[Sighting], None],
        limit_s: float = float("inf"),
    ) -> str:
        """One scan's life; why it ended. Raises StartRefused."""
        fault: list[Exception] = []

        take = self.reception.take

        def on_message(message: Message) -> bool:
            try:
                return take(message, monotonic()) or self._answers_monitor(message, watch)
            except Exception as error:  # noqa: BLE001 - dbus-fast would log it and go on; it must end the stage
                fault.append(error)
                watch.mark("fault")
                return True

        mode = self.mode if limit_s == float("inf") else "active"
        if mode == "passive":
            await forget_ibeacons(bus, adapter)
        async with AsyncExitStack() as during:
            self.reception.begin(adapter, tell, repeats_data=mode == "active")
            self._jam.begin()
            no_answer = partial(self._enter, "no_answer")
            await during.enter_async_context(
                scan(adapter, mode, on_message, patience_s=self._patience_s, no_answer=no_answer)
            )
            self.refused = None
            self._enter("listening")
            if mode == "active":  # once it scans: see radio.duplicates
                await during.enter_async_context(self.duplicates.reported(bus, adapter))
                if not self.duplicates.kernel_takes_no_monitor:
                    self._jam.taken()
                elif self._jam.given_up():
                    watch.mark(_JAMMED)
            try:
                why = await self._until_disturbed(watch, limit_s)
            finally:
                self._enter("starting")
        if fault:
            raise fault[0]
        return why

    async def _end_jam(self, bus: SystemBus, adapter: str) -> None:
        """Not where somebody has just switched the adapter off: that ends it too, and is not to be undone."""
        if self._only_looks:
            return
        with suppress(NoAnswer):
            here = (await bus.adapters()).get(adapter)
            if here is not None and here.powered:
                self._jam.cycled()
                await bus.power_cycle(adapter)

    def _answers_monitor(self, message: Message, watch: Watch) -> bool:
        """A passive scan whose monitor BlueZ gives up hears nothing, and bleak says nothing of it. Always False."""
        if message.interface == MONITOR and self.mode == "passive":
            if message.member == "Activate":
                self._jam.taken()
            elif message.member == "Release" and self._jam.given_up():
                watch.mark(_JAMMED)
        return False

    async def _test_passive(self, bus: SystemBus, adapter: str, watch: Watch, tell: Callable[[Sighting], None]) -> None:
        """A passive scan was silent: does an active one hear beacons? Then the scan stays active.

        A known transmitter that it does not hear is lost; so it lasts as long as that takes.
        """
        before, began = self.reception.frames, monotonic()
        limit_s = max(min(SELF_TEST_S, self._silence_s), self.reception.liveness.limit_s(adapter))
        why = await self._scan(bus, adapter, watch, tell, limit_s=limit_s)
        if why != _SELF_TEST_OVER:
            self.state.renewed(why, adapter)
        if self.reception.frames > before:
            self._become_active(PASSIVE_HEARS_LESS)
        elif why == _SELF_TEST_OVER:
            self.reception.liveness.tested(began)

    async def _on_refusal(self, bus: SystemBus, adapter: str, watch: Watch, refused: StartRefused) -> None:
        if self.refused != str(refused):
            log.warning("scanner.refused", why=str(refused), adapter=adapter)
        self.starts_refused += 1
        self.refused = str(refused)
        self._enter("refused")
        if refused.no_passive and self.mode == "passive":
            self._become_active(NO_PASSIVE)
        elif refused.busy:
            if watch.bluetoothd_ended_at is not None:
                self._left_scan.died(watch.bluetoothd_ended_at)
            if self._left_scan.to_be_ended(monotonic()) and not self._only_looks:
                await bus.power_cycle(adapter)

    async def _until_disturbed(self, watch: Watch, limit_s: float) -> str:
        began = quiet_since = monotonic()
        while True:
            if self.reception.heard_at is not None:
                quiet_since = max(quiet_since, self.reception.heard_at)
            now = monotonic()
            unproved = self.mode == "passive" and self._to_be_proved and quiet_since == began
            silence_s = min(PROOF_S, self._silence_s) if unproved else self._silence_s
            left_s = min(quiet_since + silence_s, began + limit_s) - now
            if left_s <= 0:
                return "silence" if limit_s == float("inf") else _SELF_TEST_OVER
            if self.mode == "active" and self.duplicates.to_be_asked_again(self.reception.delivery.delivered, now):
                return "once a scan"
            if why := await watch.wait(min(left_s, LOOK_S)):
                return why

    def _become_active(self, words: Words) -> None:
        self.mode, self.mode_words = "active", words
        log.warning("scanner.passive_given_up", adapter=self.adapter, why=words["en"])

    def _enter(self, state: str) -> None:
        self.state.enter(state, self.adapter)
