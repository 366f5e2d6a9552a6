"""Run one scan after another on an adapter: each until a disturbance or a long silence ends it.

This includes the self-test of passive scans. Faults that a new scan does not cure are left to radio.recovery.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from time import monotonic

import structlog
from dbus_fast import Message

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.bluetoothd_restart_watch import DisturbanceWatch, wait_for_adapter
from beacon_gateway.radio.bluez_bus import AccessDenied, NoAnswer, SystemBus
from beacon_gateway.radio.recovery.adapter_reset import power_cycle
from beacon_gateway.radio.scan.bluez_workarounds import OrphanedScan, StuckMonitor, forget_ibeacons
from beacon_gateway.radio.scan.duplicate_filter import MONITOR, DuplicateFilter
from beacon_gateway.radio.scan.reception import Reception
from beacon_gateway.radio.scan.scan_options import ScanOptions
from beacon_gateway.radio.scan.scan_session import StartRefused, scan

log = structlog.get_logger()

_SELF_TEST_OVER = "self-test over"
_STUCK = "the kernel takes no monitor"


class ScanState:
    """State of an adapter's scan: starting, listening, refused, off, no_adapter, no_bluetoothd, access_denied,
    no_answer.

    `since`, `listens_since`: monotonic seconds. A scan that is replaced by the next one does not reset `listens_since`.
    """

    def __init__(self) -> None:
        self.name = "starting"
        self.since = monotonic()
        self.listens_since: float | None = None
        self.rebuilds: Counter[str] = Counter()
        """Number of scans that were replaced, by reason."""
        self.last_why: str | None = None

    def enter(self, name: str, adapter: str) -> None:
        if name == self.name:
            return
        log.debug("scanner.state", state=name, adapter=adapter)
        self.name, self.since = name, monotonic()
        if name == "listening":
            self.listens_since = self.listens_since or self.since
        elif name != "starting":
            self.listens_since = None

    def record_renewal(self, why: str, adapter: str) -> None:
        self.rebuilds[why] += 1
        if why != self.last_why:  # a quiet site renews its scan again and again: log it once
            log.info("scanner.renewed", why=why, adapter=adapter)
        self.last_why = why

    def describe(self, quiet_s: float | None, silence_s: float) -> str:
        """Return the state, with hearing or silent in place of listening.

        `quiet_s`: since the last advert, None if there was none; `silence_s`: silence after which the scan is renewed.
        """
        if self.name != "listening":
            return self.name
        if quiet_s is not None and quiet_s < silence_s:
            return "hearing"
        return "silent" if self.last_why == "silence" else "listening"


class ScanLoop:
    """Scans of the `requested` adapter; None: the first that is on. `refused`: error with which BlueZ refuses now."""

    def __init__(self, requested: str | None, reception: Reception, options: ScanOptions) -> None:
        self._requested = requested
        self.adapter = requested or ""
        self.mode = options.mode
        self.passive_given_up: str | None = None
        self.reception = reception
        self._options = options
        self._timings = options.timings
        self.duplicates = DuplicateFilter(options.report_duplicates, retry_s=options.timings.filter_retry_s)
        self.state = ScanState()
        self.starts_refused = 0
        self.refused: str | None = None
        self._orphaned_scan = OrphanedScan(options.timings)
        self._stuck_monitor = StuckMonitor()
        self._is_unproved = True
        """A passive scan has received nothing since it was last disturbed."""

    async def run(self, bus: SystemBus, watch: DisturbanceWatch, on_sighting: Callable[[Sighting], None]) -> None:
        """Run until cancelled. Raise RadioLost if the bus has ended, or no adapter is present for `patience_s`."""
        timings = self._timings
        pause_s = timings.first_pause_s
        while True:
            adapter = self.adapter = await wait_for_adapter(
                bus,
                watch,
                self._requested,
                advertising=False,
                patience_s=self._options.patience_s,
                poll_s=timings.adapter_poll_s,
                on_state=self._enter,
            )
            try:
                why = await self._scan(bus, adapter, watch, on_sighting)
                self.state.record_renewal(why, adapter)
                if why == _STUCK:
                    await self._free_stuck_monitor(bus, adapter)
                self._is_unproved = why != "silence"
                if self.mode == "passive" and why == "silence":
                    await self._test_passive(bus, adapter, watch, on_sighting)
                pause_s = timings.first_pause_s
            except StartRefused as refused:
                pause_s = timings.busy_pause_s if refused.busy else min(2 * pause_s, timings.scan_pause_cap_s)
                await self._on_refusal(bus, adapter, watch, refused)
            await asyncio.sleep(pause_s)

    def record_end(self, at: float) -> None:
        """Record that nothing runs the loop since `at`, in monotonic seconds: the bus may have died during a scan."""
        self._orphaned_scan.record_death(at)

    async def _scan(
        self,
        bus: SystemBus,
        adapter: str,
        watch: DisturbanceWatch,
        on_sighting: Callable[[Sighting], None],
        limit_s: float = float("inf"),
    ) -> str:
        """Run one scan and return why it ended. With a limit it is an active one. Raise StartRefused."""
        errors: list[Exception] = []
        take = self.reception.take

        def on_message(message: Message) -> bool:
            try:
                return take(message, monotonic()) or self._check_monitor(message, watch)
            except Exception as error:  # noqa: BLE001 - dbus-fast would log it and go on; it must end the stage
                errors.append(error)
                watch.mark("fault")
                return True

        mode = self.mode if limit_s == float("inf") else "active"
        if mode == "passive":
            await forget_ibeacons(bus, adapter)
        async with AsyncExitStack() as during:
            self.reception.begin(adapter, on_sighting, repeats_data=mode == "active")
            self._stuck_monitor.begin_scan()
            session = scan(
                adapter,
                mode,
                on_message,
                call_limit_s=self._timings.call_limit_s,
                patience_s=self._options.patience_s,
                on_no_answer=partial(self._enter, "no_answer"),
            )
            await during.enter_async_context(session)
            self.refused = None
            self._enter("listening")
            if mode == "active":  # only now that it scans: see duplicate_filter
                await during.enter_async_context(self.duplicates.disabled(bus, adapter))
                if not self.duplicates.kernel_takes_no_monitor:
                    self._stuck_monitor.record_active()
                elif self._stuck_monitor.needs_power_cycle():
                    watch.mark(_STUCK)
            try:
                why = await self._wait_until_disturbed(watch, limit_s)
            finally:
                self._enter("starting")
        if errors:
            raise errors[0]
        return why

    async def _free_stuck_monitor(self, bus: SystemBus, adapter: str) -> None:
        """Power cycle the adapter, unless it was just switched off, which has the same effect."""
        if self._options.observe_only:
            return
        with suppress(NoAnswer, AccessDenied):
            state = (await bus.list_adapters()).get(adapter)
            if state is not None and state.powered:
                self._stuck_monitor.record_power_cycle()
                await power_cycle(bus, adapter)

    def _check_monitor(self, message: Message, watch: DisturbanceWatch) -> bool:
        """Notice that BlueZ gives up the monitor of a passive scan, which bleak does not report. Return False."""
        if message.interface == MONITOR and self.mode == "passive":
            if message.member == "Activate":
                self._stuck_monitor.record_active()
            elif message.member == "Release" and self._stuck_monitor.needs_power_cycle():
                watch.mark(_STUCK)
        return False

    async def _test_passive(
        self, bus: SystemBus, adapter: str, watch: DisturbanceWatch, on_sighting: Callable[[Sighting], None]
    ) -> None:
        """Test a silent passive scan by an active one. If that receives beacons, the scan stays active.

        The test lasts long enough to show that a known transmitter is lost.
        """
        before, began = self.reception.frames, monotonic()
        liveness = self.reception.liveness
        limit_s = max(min(self._timings.self_test_s, self._options.silence_s), liveness.test_duration_s(adapter))
        why = await self._scan(bus, adapter, watch, on_sighting, limit_s=limit_s)
        if why != _SELF_TEST_OVER:
            self.state.record_renewal(why, adapter)
        if self.reception.frames > before:
            self._give_up_passive("hears_less")
        elif why == _SELF_TEST_OVER:
            liveness.record_test(began)

    async def _on_refusal(self, bus: SystemBus, adapter: str, watch: DisturbanceWatch, refused: StartRefused) -> None:
        if self.refused != str(refused):
            log.warning("scanner.refused", why=str(refused), adapter=adapter)
        self.starts_refused += 1
        self.refused = str(refused)
        self._enter("refused")
        if refused.no_passive and self.mode == "passive":
            self._give_up_passive("not_supported")
        elif refused.busy:
            if watch.bluetoothd_ended_at is not None:
                self._orphaned_scan.record_death(watch.bluetoothd_ended_at)
            if self._orphaned_scan.needs_power_cycle(monotonic()) and not self._options.observe_only:
                await power_cycle(bus, adapter)

    async def _wait_until_disturbed(self, watch: DisturbanceWatch, limit_s: float) -> str:
        timings = self._timings
        began = quiet_since = monotonic()
        while True:
            if self.reception.heard_at is not None:
                quiet_since = max(quiet_since, self.reception.heard_at)
            now = monotonic()
            unproved = self.mode == "passive" and self._is_unproved and quiet_since == began
            silence_s = min(timings.passive_proof_s, self._options.silence_s) if unproved else self._options.silence_s
            left_s = min(quiet_since + silence_s, began + limit_s) - now
            if left_s <= 0:
                return "silence" if limit_s == float("inf") else _SELF_TEST_OVER
            if self.mode == "active" and self.duplicates.needs_retry(self.reception.delivery.delivered, now):
                return "once a scan"
            if why := await watch.wait(min(left_s, timings.scan_check_s)):
                return why

    def _give_up_passive(self, reason: str) -> None:
        self.mode, self.passive_given_up = "active", reason
        log.warning("scanner.passive_given_up", adapter=self.adapter, reason=reason)

    def _enter(self, state: str) -> None:
        self.state.enter(state, self.adapter)
