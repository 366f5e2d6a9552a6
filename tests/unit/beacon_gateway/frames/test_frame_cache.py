"""What is remembered of frames is bounded, and changes nothing."""

import random

from beacon_gateway.frames import REMEMBERED, Remembered, decode, first_read
from beacon_gateway.frames.ibeacon import COMPANY, IBeacon
from tests.bench.frames import read_mutated, streams


def test_a_reading_is_remembered_also_of_what_is_not_understood() -> None:
    read: list[bytes] = []

    def remember(octets: bytes) -> IBeacon | None:
        read.append(octets)
        return IBeacon.decode(octets)

    remembered = Remembered(remember)
    ours = b"\x02\x15" + bytes(21)
    assert remembered[ours] is remembered[ours]
    assert remembered[b"foreign"] is remembered[b"foreign"] is None
    assert remembered[None] is remembered[None] is None
    assert read == [ours, b"foreign"]


def test_a_flood_of_new_frames_takes_no_more_memory_than_is_allowed() -> None:
    remembered = Remembered(IBeacon.decode)
    for number in range(5 * REMEMBERED):
        assert remembered[b"\x02\x15" + number.to_bytes(21, "big")] is not None
        assert len(remembered) <= REMEMBERED


def test_what_is_remembered_is_what_would_be_read() -> None:
    for following in streams(random.Random(7)).values():
        for advert in [*following(), *following(), *following()]:
            octets = advert.get(COMPANY)
            assert decode(advert) == (None if octets is None else IBeacon.decode(octets))


def test_of_several_companies_formats_the_first_that_understands_is_taken() -> None:
    def of_ours(octets: bytes) -> IBeacon | None:
        return IBeacon.decode(octets[1:])

    octets, ours = b"\x02\x15" + bytes(21), 0xFFFF
    formats = [(COMPANY, Remembered(IBeacon.decode)), (ours, Remembered(of_ours))]
    assert first_read(formats, {COMPANY: octets}) == IBeacon.decode(octets)
    assert first_read(formats, {COMPANY: b"\x10\x05", ours: b"!" + octets}) == IBeacon.decode(octets)
    assert first_read(formats, {COMPANY: octets[1:] + b"\1", ours: octets}) is None
    assert first_read(formats, {ours + 1: octets}) is None
    first, second = b"\x02\x15" + bytes(20) + b"\1", b"!\x02\x15" + bytes(20) + b"\2"
    assert first_read(formats, {ours: second, COMPANY: first}) == IBeacon.decode(first)


def test_mutated_frames_are_read_or_not_and_are_never_an_exception() -> None:
    read, foreign, _ = read_mutated(20_000, seed=3)
    assert read > 1000
    assert foreign > 1000
