"""Takes the ladder's steps for one adapter while its fault lasts: for what a new scan at a signal did not mend."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Protocol

import structlog

from beacon_gateway.radio.bluez import SystemBus
from beacon_gateway.radio.port import HelpRefused, RadioHelper
from beacon_gateway.radio.radio_wording import Words, recovering
from beacon_gateway.radio.recovery.ladder import Fault, Ladder, Step

log = structlog.get_logger()

LOOK_S = 1.0


class NoHelper:
    """RadioHelper where nobody has the privilege."""

    async def restart_bluetoothd(self) -> None:
        raise HelpRefused("no privileged helper")

    async def reset(self, adapter: str) -> None:
        raise HelpRefused("no privileged helper")

    async def reset_hardware(self, adapter: str) -> None:
        raise HelpRefused("no privileged helper")


class Patient(Protocol):
    """What is looked after."""

    @property
    def adapter(self) -> str:
        """As BlueZ names it; empty while there is none."""

    def fault(self, now: float) -> Fault | None:
        """What is wrong at `now` (monotonic seconds) and has been for long enough; None: nothing."""

    def renew(self, why: str) -> None:
        """Have the scan renewed."""


class Recovery:
    """`only_looks`: every step but a new scan and a person is left to the program whose radio it is."""

    def __init__(self, helper: RadioHelper, *, only_looks: bool = False) -> None:
        self.ladder = Ladder()
        self._helper = helper
        self._only_looks = only_looks
        self._told: str | None = None

    async def look_after(self, patient: Patient, bus: SystemBus) -> None:
        """Until cancelled. Raises RadioLost when the bus is gone."""
        while True:
            await asyncio.sleep(LOOK_S)
            fault = patient.fault(monotonic())
            self._tell(patient.adapter, fault)
            if fault is None:
                self.ladder.healed(monotonic())
            elif step := self.ladder.climb(monotonic(), fault):
                await self._take(step, patient, bus)

    def describe(self, adapter: str) -> dict[str, object]:
        return {**self.ladder.describe(monotonic()), "words": self.words(adapter)}

    def words(self, adapter: str) -> Words | None:
        """None while nothing is wrong."""
        return recovering(adapter, self.ladder.fault, self.ladder.step) if self.ladder.fault else None

    async def _take(self, step: Step | None, patient: Patient, bus: SystemBus) -> None:
        while step:
            log.warning("radio.recovery_step", step=step, adapter=patient.adapter, fault=self._told)
            try:
                await self._act(step, patient, bus)()
            except HelpRefused as error:
                log.warning("radio.recovery_step_skipped", step=step, why=str(error))
                step = self.ladder.skip(monotonic(), str(error))
            else:
                return

    def _act(self, step: Step, patient: Patient, bus: SystemBus) -> Callable[[], Awaitable[None]]:
        adapter = patient.adapter

        async def renew() -> None:
            patient.renew("no known transmitter heard")

        async def ask() -> None:
            log.error("radio.needs_a_person", adapter=adapter, words=self.words(adapter))

        acts: dict[Step, Callable[[], Awaitable[None]]] = {
            Step.new_scanner: renew,
            Step.power_cycle: lambda: bus.power_cycle(adapter),
            Step.restart_bluetoothd: self._helper.restart_bluetoothd,
            Step.reset_adapter: lambda: self._helper.reset(adapter),
            Step.reset_hardware: lambda: self._helper.reset_hardware(adapter),
            Step.ask_a_person: ask,
        }
        if self._only_looks and step not in (Step.new_scanner, Step.ask_a_person):
            raise HelpRefused("left to the gateway")
        return acts[step]

    def _tell(self, adapter: str, fault: Fault | None) -> None:
        """Each fault and its end, once."""
        name = fault.name if fault else None
        if name == self._told:
            return
        self._told = name
        if fault:
            log.warning("radio.fault", adapter=adapter, fault=fault.name, detail=fault.detail)
        else:
            log.info("radio.healed", adapter=adapter)
