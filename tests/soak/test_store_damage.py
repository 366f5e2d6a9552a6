"""2,000 flipped bits and 500 zeroed pages in the gateway's store: it starts, and every intact parcel is delivered."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.beacon_gateway.store.damage import Damage, Image, deliver_all, flip_a_bit, lay_out, zero_a_page


@pytest.mark.parametrize(("damage", "times"), [(flip_a_bit, 1000), (zero_a_page, 250)])
@pytest.mark.parametrize("stopped", [False, True], ids=["killed", "stopped"])
async def test_every_intact_parcel_is_delivered_after_damage(
    tmp_path: Path, damage: Callable[[Image, Path, random.Random], Damage], times: int, *, stopped: bool
) -> None:
    image = (await lay_out(tmp_path / "whole", gifts=90))[stopped]
    lost = 0
    for seed in range(times):
        done = damage(image, tmp_path / "state", random.Random(seed))
        missing = image.waiting - set(await deliver_all(tmp_path / "state"))
        assert missing <= image.touched(done), (seed, done)
        lost += len(missing)
    print(f"\n{times} times {damage.__name__}: {lost} of {times * len(image.waiting)} parcels were in damaged rows")
