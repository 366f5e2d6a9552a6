"""Several identities of ours on the air, each kept there by an advertiser of its own: one refused harms no other."""

import asyncio
from collections.abc import Mapping

import structlog

from beacon_gateway.radio.advertise.off_air import FINE
from beacon_gateway.radio.port import Advertiser, RadioLost
from sync_contract.beacon_identity import BeaconId

log = structlog.get_logger()

LOOK_S = 5.0


class Adverts:
    """By beacon, the first of the settings first."""

    def __init__(self, advertisers: Mapping[BeaconId, Advertiser]) -> None:
        self._advertisers = dict(advertisers)
        self._asked = False

    async def keep_on_air(self) -> None:
        """All of them, until cancelled. Raises RadioLost when one is lost; the others then end too."""
        try:
            async with asyncio.TaskGroup() as stages:
                for advertiser in self._advertisers.values():
                    stages.create_task(advertiser.keep_on_air())
                stages.create_task(self._ask_a_person())
        except ExceptionGroup as failed:  # not `except*`: what is raised there is a group again on Python 3.11
            lost, others = failed.split(RadioLost)
            if lost is None or others is not None:
                raise
            raise RadioLost("; ".join(sorted({str(error) for error in _leaves(lost)}))) from None

    def seconds_on_air(self) -> dict[BeaconId, float]:
        return {beacon: advertiser.seconds_on_air() for beacon, advertiser in self._advertisers.items()}

    def describe(self) -> dict[str, object]:
        """`state`: on_air when all are, else that of the first which is not, adapter_off for its off (which would be
        said of a gateway that is to advertise nothing); `asks_a_person`: one is off the air for
        long, and does not come back by itself.
        """
        told = [(beacon, advertiser.describe()) for beacon, advertiser in self._advertisers.items()]
        states = [str(facts["state"]) for _, facts in told]
        state = next((state for state in states if state not in FINE), states[0])
        return {
            "state": "adapter_off" if state == "off" else state,
            "asks_a_person": any(facts.get("asks_a_person") for _, facts in told),
            "off_air_s": max((_seconds(facts) for _, facts in told), default=0.0),
            "identities": [{"beacon": str(beacon), **facts} for beacon, facts in told],
        }

    async def _ask_a_person(self) -> None:
        """Once for each time that one stays off the air."""
        while True:
            await asyncio.sleep(LOOK_S)
            told = [advertiser.describe() for advertiser in self._advertisers.values()]
            asks = [facts for facts in told if facts.get("asks_a_person")]
            if asks and not self._asked:
                log.error("advert.needs_a_person", words=asks[0].get("words"))
            self._asked = bool(asks)


def _seconds(facts: Mapping[str, object]) -> float:
    seconds = facts.get("off_air_s")
    return seconds if isinstance(seconds, float) else 0.0


def _leaves(group: BaseExceptionGroup[RadioLost]) -> list[BaseException]:
    return [
        leaf for one in group.exceptions for leaf in (_leaves(one) if isinstance(one, BaseExceptionGroup) else [one])
    ]
