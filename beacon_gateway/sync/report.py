"""Report the gateway's status to the central server, once a minute and when its hearing changes."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from beacon_gateway.model.hall_status import HallState
from beacon_gateway.model.radio_status import AdvertStatus, Proof, RadioStatus
from beacon_gateway.sync.central_client import CentralClient
from beacon_gateway.sync.ports import Acceptance, CentralRefusedUs
from sync_contract.gateway_report import EVERY_S, HALL_CHANGED, LOW_BATTERY, RADIO_MISSES, GatewayReport, Hearing
from sync_contract.records import ClockReading

_CHECK_S = 5.0
_VERSION = version("beacon-gateway")
_IMAGINED = frozenset(("simulated", "capture"))
_NO_RADIO = frozenset(("no_adapter", "no_bluetoothd", "access_denied", "no_answer", "off", "refused"))
_DEAF = frozenset(("deaf", "deaf_from_start"))
_MISSED = frozenset(RADIO_MISSES)
_WORD = re.compile(r"[a-z][a-z0-9_]{0,31}")


def classify_hearing(name: str, radio: RadioStatus) -> Hearing:
    """Derive Hearing from a scanner's name and its status."""
    if name in _IMAGINED:
        return Hearing.simulated
    if radio.liveness and radio.liveness.proof is Proof.proved:
        return Hearing.proved
    if radio.trouble in _DEAF or radio.state in _NO_RADIO:
        return Hearing.deaf
    return Hearing.not_proved


def build_report(
    *,
    clock: ClockReading,
    epoch: str,
    uptime_s: float,
    hearing: Hearing,
    radio: RadioStatus,
    advert: AdvertStatus,
    parcels: Mapping[str, int],
    catalogue_version: int,
    hall: HallState = HallState.not_calibrated,
    configuration: str = "",
    old_settings: bool = False,
) -> GatewayReport:
    """Build the report. `parcels`: counts by state."""
    return GatewayReport(
        clock=clock,
        every_s=EVERY_S,
        version=_VERSION,
        configuration=configuration,
        old_settings=old_settings,
        epoch=epoch,
        uptime_s=int(uptime_s),
        hearing=hearing,
        radio=_radio_word(radio, hall),
        advert=_word(advert.state),
        waiting=parcels.get("waiting", 0),
        refused=parcels.get("refused", 0),
        damaged=parcels.get("damaged", 0),
        catalogue_version=catalogue_version,
    )


def _radio_word(radio: RadioStatus, hall: HallState) -> str:
    """Return the trouble, once staff are needed; else the scanner's state, a low battery, or that the hall changed."""
    if not radio.trouble and radio.state == "hearing":
        if radio.batteries and radio.batteries.low:
            return LOW_BATTERY
        if hall is HallState.changed:
            return HALL_CHANGED
    return _word(radio.trouble if radio.trouble in _MISSED and radio.asks_a_person else radio.state)


def _word(value: str) -> str:
    return value if _WORD.fullmatch(value) else "unknown"


@dataclass(frozen=True, slots=True)
class ReportLoop:
    """Sends reports until cancelled.

    `hearing` returns the current value, `build` a complete report; `roll` receives the key's age in seconds.
    `noticed`: words that staff should see; a reported word is removed. `draw`: a random number from 0 to 1.
    """

    central: CentralClient
    acceptance: Acceptance
    hearing: Callable[[], Hearing]
    build: Callable[[], Awaitable[GatewayReport]]
    roll: Callable[[int], Awaitable[None]]
    noticed: set[str]
    draw: Callable[[], float] = random.random

    async def run(self, progress: Callable[[], None]) -> None:
        """Raises CentralUnreachable, StoreUnavailable."""
        while True:
            report = await self.build()
            words = sorted(self.noticed)
            try:
                taken = await self.central.send_report(report, words)
            except CentralRefusedUs as refused:
                if refused.word:
                    await self.acceptance.record(refused.word)
                raise
            self.noticed.difference_update(words)
            await self.acceptance.record("")
            await self.roll(taken.key_age_s)
            # A tenth earlier or later, so that a fleet does not report all at once after an outage.
            rest_s = EVERY_S * (0.8 + 0.15 * self.draw())
            while rest_s > 0 and self.hearing() is report.hearing:
                progress()
                await asyncio.sleep(min(_CHECK_S, rest_s))
                rest_s -= _CHECK_S
