"""Sightings from one BlueZ adapter, with supervision of its own.

Every signal that tells of a disturbance, and a long silence, give a new scan at once (radio.watch, radio.scan);
a fault that outlasts that is climbed after (radio.recovery).
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from contextlib import AsyncExitStack, suppress
from functools import partial
from time import monotonic
from typing import Literal

import structlog
from dbus_fast import Message

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio import faults
from beacon_gateway.radio.batteries import Batteries
from beacon_gateway.radio.bluez import NoAnswer, SystemBus, system_bus
from beacon_gateway.radio.duplicates import Duplicates
from beacon_gateway.radio.jam import Jam
from beacon_gateway.radio.ladder import Fault, Step
from beacon_gateway.radio.left_scan import LeftScan
from beacon_gateway.radio.liveness import Transmitter, Verdict
from beacon_gateway.radio.monitor import INTERFACE as MONITOR
from beacon_gateway.radio.port import RadioHelper, Unfilter
from beacon_gateway.radio.reception import Reception
from beacon_gateway.radio.recovery import NoHelper, Recovery
from beacon_gateway.radio.remembered import forget_ibeacons
from beacon_gateway.radio.scan import StartRefused, scan
from beacon_gateway.radio.scan_state import ScanState
from beacon_gateway.radio.watch import Watch, usable_adapter, watch_radio
from beacon_gateway.radio.words import NO_PASSIVE, PASSIVE_HEARS_LESS, Words, hearing

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


class BlueZScanner:
    """`adapter`: e.g. hci0, None for the first that is on. `silence_s`: nothing heard for so long renews the scan.

    `passive` hears a beacon's first frame and then only great changes (BlueZ's monitor), and needs bluetoothd
    --experimental: it saves power but cannot tell "still there". When a silence shows that an active scan hears what
    it does not, or BlueZ has no such monitor, the scan stays active and says so. `patience_s`: without an adapter,
    until RadioLost. `others_hear`: another adapter works, so that bluetoothd is not to be restarted for this one;
    a `spare` one may then be off or gone without harm. `elsewhere`: labels of the known transmitters that others hear.
    """

    name = "bluez"

    def __init__(
        self,
        adapter: str | None,
        *,
        mode: Literal["active", "passive"] = "active",
        silence_s: float = 60.0,
        patience_s: float = 60.0,
        transmitters: Iterable[Transmitter] = (),
        helper: RadioHelper | None = None,
        batteries: Batteries | None = None,
        unfilter: Unfilter | None = None,
        others_hear: Callable[[], bool] = lambda: False,
        elsewhere: Callable[[], Collection[str]] = tuple,
        spare: bool = False,
        only_looks: bool = False,
    ) -> None:
        self._wanted = adapter
        self.adapter = adapter or ""
        self._mode = mode
        self._mode_words: Words | None = None
        self._silence_s = silence_s
        self._patience_s = patience_s
        self._others_hear = others_hear
        self._elsewhere = elsewhere
        self._spare = spare
        self.reception = Reception(transmitters, batteries or Batteries())
        self._only_looks = only_looks
        self._recovery = Recovery(helper or NoHelper(), only_looks=only_looks)
        self._watch: Watch | None = None
        self._duplicates = Duplicates(unfilter)
        self._state = ScanState()
        self._starts_refused = 0
        self._refused: str | None = None
        self._left_scan = LeftScan()
        self._foreign: tuple[str, ...] = ()
        """Told last: adverts of ours that another transmitter sends."""
        self._jam = Jam()
        self._to_be_proved = True
        """Nothing was heard by a passive scan since it was last disturbed."""

    async def hear(self, tell: Callable[[Sighting], None]) -> None:
        """Until cancelled. Raises RadioLost when the bus is gone, or no adapter is there for `patience_s`."""
        async with system_bus() as bus:
            watch = self._watch = await watch_radio(bus, scans=True)
            work = [
                asyncio.create_task(self._hear(bus, watch, tell)),
                asyncio.create_task(self._recovery.look_after(self, bus)),
            ]
            try:
                ended, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    task.result()
            finally:
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)
                self._left_scan.died(monotonic())  # as far as we know: who cancels us may have seen the bus die first

    def describe(self) -> dict[str, object]:
        """`state`: hearing, listening (nothing heard yet), silent, starting, refused, off, no_adapter, no_answer.

        `last_why`: why the scan was last renewed; `refused`: what its start is refused with now; `trouble`: what it
        does not hear, a word of radio.faults or None; `liveness`: whether a known transmitter proves that it hears;
        `delivery`: whether it is told every advert; `recovery`: how far the ladder is climbed.
        """
        now = monotonic()
        age = self.quiet_s(now)
        verdict = self.verdict(now)
        return {
            "state": self._state.told(age, self._silence_s),
            "adapter": self.adapter or None,
            "mode": self._mode,
            "mode_words": self._mode_words,
            "last_heard_s": None if age is None else round(age, 1),
            "frames": self.reception.frames,
            "foreign": self.reception.foreign,
            "delivery": self._duplicates.describe(self.reception.delivery.delivered),
            "rebuilds": self._state.rebuilds.total(),
            "rebuilds_why": dict(self._state.rebuilds),
            "last_why": self._state.last_why,
            "starts_refused": self._starts_refused,
            "refused": self._refused,
            "trouble": faults.trouble(verdict, age, self.listens_s(now)),
            "liveness": {**verdict.describe(), "words": hearing(verdict)},
            "recovery": self._recovery.describe(self.adapter),
        }

    @property
    def hears(self) -> bool:
        """Something was heard within `silence_s`."""
        return self._state.told(self.quiet_s(monotonic()), self._silence_s) == "hearing"

    @property
    def ever_heard(self) -> frozenset[str]:
        """Labels of the known transmitters that it has heard since the start."""
        return self.reception.liveness.ever_heard

    @property
    def recovers(self) -> bool:
        """Steps are being taken that switch the adapter off or reset it: nobody else may do so meanwhile."""
        fault = self._recovery.ladder.fault
        return fault is not None and not {Step.new_scanner, Step.ask_a_person} >= set(fault.steps)

    @property
    def asks_a_person(self) -> bool:
        return self._recovery.ladder.asks

    def verdict(self, now: float) -> Verdict:
        """What the known transmitters prove at `now`, monotonic seconds."""
        return self.reception.liveness.judge(
            self.adapter,
            now,
            tells_presence=self._mode == "active",
            listens_since=self._state.listens_since,
            elsewhere=self._elsewhere(),
        )

    def quiet_s(self, now: float) -> float | None:
        """Since anything was heard; None when nothing ever was."""
        return None if self.reception.heard_at is None else now - self.reception.heard_at

    def listens_s(self, now: float) -> float | None:
        """For how long scans have worked; None while none does."""
        since = self._state.listens_since
        return None if since is None else now - since

    def fault(self, now: float) -> Fault | None:
        """See radio.recovery.Patient."""
        verdict = self.verdict(now)
        self._tell_foreign(verdict.foreign)
        return faults.judge(
            self._state.name,
            now - self._state.since,
            quiet_s=self.quiet_s(now),
            verdict=verdict,
            refused=self._refused or "",
            others_hear=self._others_hear(),
            spare=self._spare,
            listens_s=self.listens_s(now),
        )

    def renew(self, why: str) -> None:
        """See radio.recovery.Patient. An advert of ours that is not heard is registered anew too."""
        self.reception.liveness.renew_missed(faults.missed(self.verdict(monotonic())))
        if self._watch:
            self._watch.mark(why)

    async def _hear(self, bus: SystemBus, watch: Watch, tell: Callable[[Sighting], None]) -> None:
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
                self._state.renewed(why, adapter)
                if why == _JAMMED:
                    await self._end_jam(bus, adapter)
                self._to_be_proved = why != "silence"
                if self._mode == "passive" and why == "silence":
                    await self._test_passive(bus, adapter, watch, tell)
                pause_s = PAUSE_FIRST_S
            except StartRefused as refused:
                pause_s = BUSY_PAUSE_S if refused.busy else min(2 * pause_s, PAUSE_CAP_S)
                await self._on_refusal(bus, adapter, refused)
            await asyncio.sleep(pause_s)

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

        mode = self._mode if limit_s == float("inf") else "active"
        if mode == "passive":
            await forget_ibeacons(bus, adapter)
        async with AsyncExitStack() as during:
            self.reception.begin(adapter, tell, repeats_data=mode == "active")
            self._jam.begin()
            no_answer = partial(self._enter, "no_answer")
            await during.enter_async_context(
                scan(adapter, mode, on_message, patience_s=self._patience_s, no_answer=no_answer)
            )
            self._refused = None
            self._enter("listening")
            if mode == "active":  # once it scans: see radio.duplicates
                await during.enter_async_context(self._duplicates.reported(bus, adapter))
                if not self._duplicates.kernel_takes_no_monitor:
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
        if message.interface == MONITOR and self._mode == "passive":
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
            self._state.renewed(why, adapter)
        if self.reception.frames > before:
            self._become_active(PASSIVE_HEARS_LESS)
        elif why == _SELF_TEST_OVER:
            self.reception.liveness.tested(began)

    async def _on_refusal(self, bus: SystemBus, adapter: str, refused: StartRefused) -> None:
        if self._refused != str(refused):
            log.warning("scanner.refused", why=str(refused), adapter=adapter)
        self._starts_refused += 1
        self._refused = str(refused)
        self._enter("refused")
        if refused.no_passive and self._mode == "passive":
            self._become_active(NO_PASSIVE)
        elif refused.busy:
            if self._watch and self._watch.bluetoothd_ended_at is not None:
                self._left_scan.died(self._watch.bluetoothd_ended_at)
            if self._left_scan.to_be_ended(monotonic()) and not self._only_looks:
                await bus.power_cycle(adapter)

    async def _until_disturbed(self, watch: Watch, limit_s: float) -> str:
        began = quiet_since = monotonic()
        while True:
            if self.reception.heard_at is not None:
                quiet_since = max(quiet_since, self.reception.heard_at)
            now = monotonic()
            unproved = self._mode == "passive" and self._to_be_proved and quiet_since == began
            silence_s = min(PROOF_S, self._silence_s) if unproved else self._silence_s
            left_s = min(quiet_since + silence_s, began + limit_s) - now
            if left_s <= 0:
                return "silence" if limit_s == float("inf") else _SELF_TEST_OVER
            if self._mode == "active" and self._duplicates.to_be_asked_again(self.reception.delivery.delivered, now):
                return "once a scan"
            if why := await watch.wait(min(left_s, LOOK_S)):
                return why

    def _become_active(self, words: Words) -> None:
        self._mode, self._mode_words = "active", words
        log.warning("scanner.passive_given_up", adapter=self.adapter, why=words["en"])

    def _tell_foreign(self, labels: tuple[str, ...]) -> None:
        """Once for each change."""
        if labels != self._foreign:
            self._foreign = labels
            if labels:
                log.warning("radio.foreign", adapter=self.adapter, labels=labels)

    def _enter(self, state: str) -> None:
        self._state.enter(state, self.adapter)
