"""Keep several adverts of ours on the air, each by its own advertiser, so that one refusal affects no other."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from beacon_gateway.model.radio_status import AdvertStatus, HeardAdvert, IdentityStatus
from beacon_gateway.radio.advertise.advert_wording import word_off_air
from beacon_gateway.radio.advertise.air_time import AIRING
from beacon_gateway.radio.ports import Advertiser, RadioLost
from beacon_gateway.radio.timings import DEFAULT_TIMINGS
from sync_contract.beacon_identity import BeaconId

log = structlog.get_logger()


class AdvertiserGroup:
    """Advertisers by beacon, in the order of the settings. `measure`: how another adapter receives one, if any does."""

    def __init__(
        self,
        advertisers: Mapping[BeaconId, Advertiser],
        *,
        measure: Callable[[BeaconId, str | None], HeardAdvert | None] = lambda _beacon, _sent_by: None,
        check_s: float = DEFAULT_TIMINGS.advert_ask_check_s,
    ) -> None:
        self._measure = measure
        self._advertisers = dict(advertisers)
        self._check_s = check_s

    async def keep_on_air(self) -> None:
        """Run all of them until cancelled. If one raises RadioLost, end the others and raise RadioLost."""
        try:
            async with asyncio.TaskGroup() as stages:
                for advertiser in self._advertisers.values():
                    stages.create_task(advertiser.keep_on_air())
                stages.create_task(self._log_requests_for_a_person())
        except ExceptionGroup as failed:  # not `except*`: what is raised there is a group again on Python 3.11
            lost, others = failed.split(RadioLost)
            if lost is None or others is not None:
                raise
            raise RadioLost("; ".join(sorted({str(error) for error in _flatten(lost)}))) from None

    def seconds_on_air(self) -> dict[BeaconId, float]:
        return {beacon: advertiser.seconds_on_air() for beacon, advertiser in self._advertisers.items()}

    def read_status(self) -> AdvertStatus:
        identities = tuple(self._read_identity(*each) for each in self._advertisers.items())
        states = [identity.state for identity in identities]
        state = next((state for state in states if state not in AIRING), states[0])
        return AdvertStatus(
            state="adapter_off" if state == "off" else state,
            asks_a_person=any(identity.asks_a_person for identity in identities),
            off_air_s=max((identity.off_air_s or 0.0 for identity in identities), default=0.0),
            identities=identities,
        )

    def _read_identity(self, beacon: BeaconId, advertiser: Advertiser) -> IdentityStatus:
        status = advertiser.read_status()
        heard = self._measure(beacon, status.adapter) if status.state == "on_air" else None
        return replace(status, beacon=str(beacon), heard=heard)

    async def _log_requests_for_a_person(self) -> None:
        """Log an error once each time that an advert stays off the air."""
        logged = False
        while True:
            await asyncio.sleep(self._check_s)
            asking = [identity for identity in self.read_status().identities if identity.asks_a_person]
            if asking and not logged:
                log.error("advert.needs_a_person", words=word_off_air(asking[0]))
            logged = bool(asking)


def _flatten(group: BaseExceptionGroup[RadioLost]) -> list[BaseException]:
    return [
        leaf for one in group.exceptions for leaf in (_flatten(one) if isinstance(one, BaseExceptionGroup) else [one])
    ]
