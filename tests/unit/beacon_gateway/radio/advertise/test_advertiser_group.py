"""Several adverts as one stage."""

import asyncio
from uuid import UUID

import pytest

from beacon_gateway.radio.advertise.advertiser_group import Adverts
from beacon_gateway.radio.port import RadioLost
from beacon_gateway.radio.simulated import SimulatedAdvertiser
from sync_contract.beacon_identity import BeaconId
from tests.radio.inside import running, until

ONE, TWO = (BeaconId(UUID(int=1), 1, minor) for minor in (1, 2))


class Loses(SimulatedAdvertiser):
    async def keep_on_air(self) -> None:
        await asyncio.sleep(0)
        raise RadioLost("no bus")


async def test_each_counts_its_own_seconds_and_the_state_is_that_of_the_worst() -> None:
    one, two = SimulatedAdvertiser(ONE), SimulatedAdvertiser(TWO)
    adverts = Adverts({ONE: one, TWO: two})
    assert adverts.describe()["state"] == "starting"
    async with running(one.keep_on_air()):
        await until(lambda: adverts.seconds_on_air()[ONE] > 0)
        assert adverts.seconds_on_air()[TWO] == 0
        assert adverts.describe()["state"] == "starting", "the other one is"
    async with running(adverts.keep_on_air()):
        await until(lambda: adverts.describe()["state"] == "simulated")
    assert not one.on_air
    assert not two.on_air


async def test_one_that_is_lost_ends_the_stage_so_that_all_start_again() -> None:
    one = SimulatedAdvertiser(ONE)
    with pytest.raises(RadioLost, match=r"^no bus$"):
        await Adverts({ONE: one, TWO: Loses(TWO)}).keep_on_air()
    assert not one.on_air
