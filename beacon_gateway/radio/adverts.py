"""Several identities of ours on the air, each kept there by an advertiser of its own: one refused harms no other."""

import asyncio
from collections.abc import Mapping

from beacon_gateway.radio.port import Advertiser, RadioLost
from sync_contract.beacon import BeaconId


class Adverts:
    """By beacon, the first of the settings first."""

    def __init__(self, advertisers: Mapping[BeaconId, Advertiser]) -> None:
        self._advertisers = dict(advertisers)

    async def keep_on_air(self) -> None:
        """All of them, until cancelled. Raises RadioLost when one is lost; the others then end too."""
        try:
            async with asyncio.TaskGroup() as stages:
                for advertiser in self._advertisers.values():
                    stages.create_task(advertiser.keep_on_air())
        except* RadioLost as lost:
            raise RadioLost("; ".join(sorted({str(error) for error in _leaves(lost)}))) from None

    def seconds_on_air(self) -> dict[BeaconId, float]:
        return {beacon: advertiser.seconds_on_air() for beacon, advertiser in self._advertisers.items()}

    def describe(self) -> dict[str, object]:
        """`state`: on_air when all are, else that of the first which is not."""
        told = [(beacon, advertiser.describe()) for beacon, advertiser in self._advertisers.items()]
        states = [facts["state"] for _, facts in told]
        return {
            "state": next((state for state in states if state != "on_air"), "on_air"),
            "identities": [{"beacon": str(beacon), **facts} for beacon, facts in told],
        }


def _leaves(group: BaseExceptionGroup[RadioLost]) -> list[BaseException]:
    return [
        leaf for one in group.exceptions for leaf in (_leaves(one) if isinstance(one, BaseExceptionGroup) else [one])
    ]
