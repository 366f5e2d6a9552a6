"""Receive sightings from one BlueZ adapter, with its own supervision.

A disturbance or a long silence leads to a new scan at once (scan_loop); a fault that continues leads to recovery steps
(radio.recovery).
"""

import asyncio
from collections.abc import Callable, Collection
from time import monotonic

import structlog

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.radio_status import AdapterStatus, LivenessStatus
from beacon_gateway.radio.bluetoothd_restart_watch import DisturbanceWatch, watch_disturbances
from beacon_gateway.radio.bluez_bus import system_bus
from beacon_gateway.radio.recovery import adapter_faults
from beacon_gateway.radio.recovery.recovery_ladder import Fault
from beacon_gateway.radio.recovery.recovery_loop import Recovery
from beacon_gateway.radio.scan.reception import Reception
from beacon_gateway.radio.scan.scan_loop import ScanLoop
from beacon_gateway.radio.scan.scan_options import ScanOptions

log = structlog.get_logger()


class AdapterScanner:
    """`adapter`: such as hci0, None for the first that is on. `others_hear`: another adapter works, so bluetoothd is
    not restarted for this one; a `spare` one may then be off or missing. `heard_elsewhere`: labels of the known
    transmitters that others receive.
    """

    def __init__(
        self,
        adapter: str | None,
        options: ScanOptions | None = None,
        *,
        others_hear: Callable[[], bool] = lambda: False,
        heard_elsewhere: Callable[[], Collection[str]] = tuple,
        spare: bool = False,
    ) -> None:
        options = options or ScanOptions()
        self.reception = Reception(options.transmitters, options.batteries, options.timings)
        self._loop = ScanLoop(adapter, self.reception, options)
        self._timings = options.timings
        self._silence_s = options.silence_s
        self._others_hear = others_hear
        self._heard_elsewhere = heard_elsewhere
        self._spare = spare
        self.recovery = Recovery(options.helper, options.timings, observe_only=options.observe_only)
        self._watch: DisturbanceWatch | None = None
        self._logged_foreign: tuple[str, ...] = ()

    @property
    def adapter(self) -> str:
        """Its name in BlueZ; empty while there is none."""
        return self._loop.adapter

    async def hear(self, on_sighting: Callable[[Sighting], None]) -> None:
        """Run until cancelled. Raise RadioLost if the bus has ended, or no adapter is present for `patience_s`."""
        async with system_bus(self._timings.call_limit_s) as bus:
            watch = self._watch = await watch_disturbances(bus, scans=True)
            tasks = [
                asyncio.create_task(self._loop.run(bus, watch, on_sighting)),
                asyncio.create_task(self.recovery.run(self, bus)),
            ]
            try:
                ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                try:
                    await asyncio.gather(*tasks, return_exceptions=True)
                finally:  # the caller may cancel us because the bus died, also while we stop for that reason
                    self._loop.record_end(monotonic())

    def read_status(self) -> AdapterStatus:
        now = monotonic()
        quiet_s = self.quiet_s(now)
        liveness = self.judge_liveness(now)
        loop = self._loop
        return AdapterStatus(
            state=loop.state.describe(quiet_s, self._silence_s),
            adapter=self.adapter or None,
            mode=loop.mode,
            passive_given_up=loop.passive_given_up,
            last_heard_s=quiet_s,
            frames=self.reception.frames,
            foreign=self.reception.foreign,
            delivery=loop.duplicates.read_status(self.reception.delivery.delivered),
            rebuilds=loop.state.rebuilds.total(),
            rebuilds_why=dict(loop.state.rebuilds),
            last_why=loop.state.last_why,
            starts_refused=loop.starts_refused,
            refused=loop.refused,
            trouble=adapter_faults.find_trouble(liveness, quiet_s, self.listens_s(now), self._timings),
            liveness=liveness,
            recovery=self.recovery.read_status(self.adapter),
        )

    @property
    def hears(self) -> bool:
        """Whether any advert was received within `silence_s`."""
        return self._loop.state.describe(self.quiet_s(monotonic()), self._silence_s) == "hearing"

    def judge_liveness(self, now: float) -> LivenessStatus:
        """Return what the known transmitters prove at `now`, in monotonic seconds."""
        return self.reception.liveness.judge(
            self.adapter,
            now,
            reports_presence=self._loop.mode == "active",
            listens_since=self._loop.state.listens_since,
            heard_elsewhere=self._heard_elsewhere(),
        )

    def quiet_s(self, now: float) -> float | None:
        """Return the seconds since the last advert; None if there was none."""
        return None if self.reception.heard_at is None else now - self.reception.heard_at

    def listens_s(self, now: float) -> float | None:
        """Return for how long scans have worked; None while none does."""
        since = self._loop.state.listens_since
        return None if since is None else now - since

    def find_fault(self, now: float) -> Fault | None:
        """See recovery_loop.RecoverableScan."""
        liveness = self.judge_liveness(now)
        self._log_foreign(liveness.foreign)
        return adapter_faults.find_fault(
            self._loop.state.name,
            now - self._loop.state.since,
            quiet_s=self.quiet_s(now),
            liveness=liveness,
            refused=self._loop.refused or "",
            others_hear=self._others_hear(),
            spare=self._spare,
            listens_s=self.listens_s(now),
            timings=self._timings,
        )

    def renew(self, why: str) -> None:
        """See recovery_loop.RecoverableScan. Also send again our own adverts that are not received."""
        missed = adapter_faults.missed_labels(self.judge_liveness(monotonic()))
        self.reception.liveness.renew_missed(missed)
        if self._watch:
            self._watch.mark(why)

    def _log_foreign(self, labels: tuple[str, ...]) -> None:
        """Log adverts of ours that another transmitter sends, once for each change."""
        if labels != self._logged_foreign:
            self._logged_foreign = labels
            if labels:
                log.warning("radio.foreign_transmitter", adapter=self.adapter, labels=labels)
