"""Tests of the cache of decoded frames: bounded, and without effect on the result."""

import random

from beacon_gateway.frames import CACHE_SIZE, FrameCache, decode
from beacon_gateway.frames.ibeacon import COMPANY, IBeacon
from tests.bench.frames import read_mutated, streams


def test_bytes_are_decoded_once_also_if_they_are_no_frame() -> None:
    decoded: list[bytes] = []

    def record(data: bytes) -> IBeacon | None:
        decoded.append(data)
        return IBeacon.decode(data)

    cache = FrameCache(record)
    ours = b"\x02\x15" + bytes(21)
    assert cache[ours] is cache[ours]
    assert cache[b"foreign"] is cache[b"foreign"] is None
    assert cache[None] is cache[None] is None
    assert decoded == [ours, b"foreign"]


def test_a_flood_of_new_frames_is_bounded_in_memory() -> None:
    cache = FrameCache(IBeacon.decode)
    for number in range(5 * CACHE_SIZE):
        assert cache[b"\x02\x15" + number.to_bytes(21, "big")] is not None
        assert len(cache) <= CACHE_SIZE


def test_cached_frames_equal_decoded_ones() -> None:
    for following in streams(random.Random(7)).values():
        for advert in [*following(), *following(), *following()]:
            data = advert.get(COMPANY)
            assert decode(advert) == (None if data is None else IBeacon.decode(data))


def test_mutated_frames_never_raise_an_exception() -> None:
    read, foreign, _ = read_mutated(20_000, seed=3)
    assert read > 1000
    assert foreign > 1000
