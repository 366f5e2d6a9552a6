"""Sightings from one BlueZ adapter, with supervision of its own.

Every signal that tells of a disturbance, and a long silence, give a new scan at once (radio.watch, radio.scans);
a fault that outlasts that is climbed after (radio.recovery).
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from time import monotonic
from typing import Literal

import structlog

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.bluez import system_bus
from beacon_gateway.radio.bluez_watch import Watch, watch_radio
from beacon_gateway.radio.port import RadioHelper, Unfilter
from beacon_gateway.radio.radio_wording import hearing
from beacon_gateway.radio.recovery import adapter_faults
from beacon_gateway.radio.recovery.ladder import Fault, Step
from beacon_gateway.radio.recovery.liveness import Transmitter, Verdict
from beacon_gateway.radio.recovery.recovery_loop import NoHelper, Recovery
from beacon_gateway.radio.scan.battery_levels import Batteries
from beacon_gateway.radio.scan.reception import Reception
from beacon_gateway.radio.scan.scan_loop import Scans

log = structlog.get_logger()


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
        self.reception = Reception(transmitters, batteries or Batteries())
        self._scans = Scans(
            adapter,
            self.reception,
            mode=mode,
            silence_s=silence_s,
            patience_s=patience_s,
            unfilter=unfilter,
            only_looks=only_looks,
        )
        self._silence_s = silence_s
        self._others_hear = others_hear
        self._elsewhere = elsewhere
        self._spare = spare
        self._recovery = Recovery(helper or NoHelper(), only_looks=only_looks)
        self._watch: Watch | None = None
        self._foreign: tuple[str, ...] = ()
        """Told last: adverts of ours that another transmitter sends."""

    @property
    def adapter(self) -> str:
        """As BlueZ names it; empty while there is none."""
        return self._scans.adapter

    async def hear(self, tell: Callable[[Sighting], None]) -> None:
        """Until cancelled. Raises RadioLost when the bus is gone, or no adapter is there for `patience_s`."""
        async with system_bus() as bus:
            watch = self._watch = await watch_radio(bus, scans=True)
            work = [
                asyncio.create_task(self._scans.follow(bus, watch, tell)),
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
                self._scans.abandoned(monotonic())  # as far as we know: who cancels us may have seen the bus die first

    def describe(self) -> dict[str, object]:
        """`state`: hearing, listening (nothing heard yet), silent, starting, refused, off, no_adapter, no_answer.

        `last_why`: why the scan was last renewed; `refused`: what its start is refused with now; `trouble`: what it
        does not hear, a word of radio.faults or None; `liveness`: whether a known transmitter proves that it hears;
        `delivery`: whether it is told every advert; `recovery`: how far the ladder is climbed.
        """
        now = monotonic()
        age = self.quiet_s(now)
        verdict = self.verdict(now)
        scans = self._scans
        return {
            "state": scans.state.told(age, self._silence_s),
            "adapter": self.adapter or None,
            "mode": scans.mode,
            "mode_words": scans.mode_words,
            "last_heard_s": None if age is None else round(age, 1),
            "frames": self.reception.frames,
            "foreign": self.reception.foreign,
            "delivery": scans.duplicates.describe(self.reception.delivery.delivered),
            "rebuilds": scans.state.rebuilds.total(),
            "rebuilds_why": dict(scans.state.rebuilds),
            "last_why": scans.state.last_why,
            "starts_refused": scans.starts_refused,
            "refused": scans.refused,
            "trouble": adapter_faults.trouble(verdict, age, self.listens_s(now)),
            "liveness": {**verdict.describe(), "words": hearing(verdict)},
            "recovery": self._recovery.describe(self.adapter),
        }

    @property
    def hears(self) -> bool:
        """Something was heard within `silence_s`."""
        return self._scans.state.told(self.quiet_s(monotonic()), self._silence_s) == "hearing"

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
            tells_presence=self._scans.mode == "active",
            listens_since=self._scans.state.listens_since,
            elsewhere=self._elsewhere(),
        )

    def quiet_s(self, now: float) -> float | None:
        """Since anything was heard; None when nothing ever was."""
        return None if self.reception.heard_at is None else now - self.reception.heard_at

    def listens_s(self, now: float) -> float | None:
        """For how long scans have worked; None while none does."""
        since = self._scans.state.listens_since
        return None if since is None else now - since

    def fault(self, now: float) -> Fault | None:
        """See radio.recovery.Patient."""
        verdict = self.verdict(now)
        self._tell_foreign(verdict.foreign)
        return adapter_faults.judge(
            self._scans.state.name,
            now - self._scans.state.since,
            quiet_s=self.quiet_s(now),
            verdict=verdict,
            refused=self._scans.refused or "",
            others_hear=self._others_hear(),
            spare=self._spare,
            listens_s=self.listens_s(now),
        )

    def renew(self, why: str) -> None:
        """See radio.recovery.Patient. An advert of ours that is not heard is registered anew too."""
        self.reception.liveness.renew_missed(adapter_faults.missed(self.verdict(monotonic())))
        if self._watch:
            self._watch.mark(why)

    def _tell_foreign(self, labels: tuple[str, ...]) -> None:
        """Once for each change."""
        if labels != self._foreign:
            self._foreign = labels
            if labels:
                log.warning("radio.foreign", adapter=self.adapter, labels=labels)
