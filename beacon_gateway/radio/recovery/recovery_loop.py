"""Take the ladder's recovery steps for one adapter while it has a fault that a new scan did not cure."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Protocol

import structlog

from beacon_gateway.model.radio_status import RecoveryStatus, RecoveryStep
from beacon_gateway.radio.bluez_bus import SystemBus
from beacon_gateway.radio.ports import HelperRefused, RadioHelper
from beacon_gateway.radio.radio_wording import word_recovery
from beacon_gateway.radio.recovery.adapter_reset import power_cycle
from beacon_gateway.radio.recovery.recovery_ladder import Fault, RecoveryLadder
from beacon_gateway.radio.timings import RadioTimings

log = structlog.get_logger()

_HARMLESS = frozenset((RecoveryStep.new_scanner, RecoveryStep.ask_a_person))


class RecoverableScan(Protocol):
    """The scan of one adapter. `adapter`: its name in BlueZ; empty while there is none."""

    @property
    def adapter(self) -> str: ...

    def find_fault(self, now: float) -> Fault | None:
        """Return what has been wrong for long enough at `now` (monotonic seconds), or None."""

    def renew(self, why: str) -> None:
        """Restart the scan."""


class Recovery:
    """`observe_only`: take no step but a new scan and a request for a person, as another program uses the adapter."""

    def __init__(self, helper: RadioHelper, timings: RadioTimings, *, observe_only: bool = False) -> None:
        self.ladder = RecoveryLadder(timings)
        self._helper = helper
        self._check_s = timings.recovery_check_s
        self._observe_only = observe_only
        self._logged: str | None = None

    @property
    def is_disturbing(self) -> bool:
        """Whether steps are being taken that switch the adapter off or reset it; others must not do so meanwhile."""
        return self.ladder.fault is not None and not set(self.ladder.fault.steps) <= _HARMLESS

    async def run(self, scan: RecoverableScan, bus: SystemBus) -> None:
        """Run until cancelled. Raise RadioLost if the bus has ended."""
        while True:
            await asyncio.sleep(self._check_s)
            fault = scan.find_fault(monotonic())
            self._log_change(scan.adapter, fault)
            if fault is None:
                self.ladder.heal(monotonic())
            elif step := self.ladder.climb(monotonic(), fault):
                await self._take(step, scan, bus)

    def read_status(self, adapter: str) -> RecoveryStatus:
        return self.ladder.read_status(monotonic(), adapter)

    async def _take(self, step: RecoveryStep | None, scan: RecoverableScan, bus: SystemBus) -> None:
        while step:
            log.warning("radio.recovery_step", step=step, adapter=scan.adapter, fault=self._logged)
            try:
                await self._action(step, scan, bus)()
            except HelperRefused as error:
                log.warning("radio.recovery_step_skipped", step=step, why=str(error))
                step = self.ladder.skip(monotonic(), str(error))
            else:
                return

    def _action(self, step: RecoveryStep, scan: RecoverableScan, bus: SystemBus) -> Callable[[], Awaitable[None]]:
        adapter = scan.adapter

        async def renew() -> None:
            scan.renew("no known transmitter heard")

        async def ask() -> None:
            log.error("radio.needs_a_person", adapter=adapter, words=word_recovery(self.read_status(adapter)))

        actions: dict[RecoveryStep, Callable[[], Awaitable[None]]] = {
            RecoveryStep.new_scanner: renew,
            RecoveryStep.power_cycle: lambda: power_cycle(bus, adapter),
            RecoveryStep.restart_bluetoothd: self._helper.restart_bluetoothd,
            RecoveryStep.reset_adapter: lambda: self._helper.reset(adapter),
            RecoveryStep.reset_hardware: lambda: self._helper.reset_hardware(adapter),
            RecoveryStep.ask_a_person: ask,
        }
        if self._observe_only and step not in _HARMLESS:
            raise HelperRefused("left to the gateway")
        return actions[step]

    def _log_change(self, adapter: str, fault: Fault | None) -> None:
        """Log each fault and its end once."""
        name = fault.name if fault else None
        if name == self._logged:
            return
        self._logged = name
        if fault:
            log.warning("radio.fault", adapter=adapter, fault=fault.name, detail=fault.detail)
        else:
            log.info("radio.healed", adapter=adapter)
