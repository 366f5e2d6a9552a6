"""AdvertiserGroup: several adverts as one stage."""

import asyncio
from uuid import UUID

import pytest

from beacon_gateway.radio.advertise.advertiser_group import AdvertiserGroup
from beacon_gateway.radio.ports import RadioLost
from beacon_gateway.radio.simulated_radio import SimulatedAdvertiser
from sync_contract.beacon_identity import BeaconId
from tests.radio.waiting import running, until

ONE, TWO = (BeaconId(UUID(int=1), 1, minor) for minor in (1, 2))


class LostAdvertiser(SimulatedAdvertiser):
    async def keep_on_air(self) -> None:
        await asyncio.sleep(0)
        raise RadioLost("no bus")


async def test_each_advert_counts_its_own_seconds_and_the_state_is_that_of_the_worst() -> None:
    one, two = SimulatedAdvertiser(ONE), SimulatedAdvertiser(TWO)
    group = AdvertiserGroup({ONE: one, TWO: two})
    assert group.read_status().state == "starting"
    async with running(one.keep_on_air()):
        await until(lambda: group.seconds_on_air()[ONE] > 0)
        assert group.seconds_on_air()[TWO] == 0
        assert group.read_status().state == "starting", "the other one is"
    async with running(group.keep_on_air()):
        await until(lambda: group.read_status().state == "simulated")
    assert not one.on_air
    assert not two.on_air


async def test_one_lost_advertiser_ends_the_stage_so_that_all_start_again() -> None:
    one = SimulatedAdvertiser(ONE)
    with pytest.raises(RadioLost, match=r"^no bus$"):
        await AdvertiserGroup({ONE: one, TWO: LostAdvertiser(TWO)}).keep_on_air()
    assert not one.on_air
