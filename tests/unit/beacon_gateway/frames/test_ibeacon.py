"""Tests of the iBeacon format."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.frames import decode
from beacon_gateway.frames.ibeacon import COMPANY, IBeacon

u16 = st.integers(0, 0xFFFF)
i8 = st.integers(-128, 127)
frames = st.builds(IBeacon, st.uuids(), u16, u16, i8)
FRAME = IBeacon(UUID("2f234454-cf6d-4a0f-adf2-f4911ba9ffa6"), 1, 258, -59)


def test_the_bytes_are_those_of_the_specification() -> None:
    assert FRAME.encode().hex(" ") == "02 15 2f 23 44 54 cf 6d 4a 0f ad f2 f4 91 1b a9 ff a6 00 01 01 02 c5"


@given(frames)
def test_decode_inverts_encode(frame: IBeacon) -> None:
    assert IBeacon.decode(frame.encode()) == frame
    assert decode({COMPANY: frame.encode()}) == frame


@given(st.dictionaries(u16, st.binary(max_size=260), max_size=4))
def test_other_bytes_are_no_frame_and_raise_no_exception(manufacturer_data: dict[int, bytes]) -> None:
    frame = decode(manufacturer_data)
    assert frame is None or frame.encode() == manufacturer_data[COMPANY]


@given(frames, st.integers(0, 22), st.integers(0, 7))
def test_one_flipped_bit_is_another_beacon_or_none(frame: IBeacon, index: int, bit: int) -> None:
    damaged = bytearray(frame.encode())
    damaged[index] ^= 1 << bit
    other = IBeacon.decode(bytes(damaged))
    assert (other is None) == (index < 2)
    assert other != frame


@pytest.mark.parametrize("data", [b"", b"\x02", b"\x02\x15", FRAME.encode()[:-1], FRAME.encode() + b"\0"])
def test_a_frame_too_short_or_too_long_is_none(data: bytes) -> None:
    assert decode({COMPANY: data}) is None


def test_the_same_bytes_of_another_company_are_none() -> None:
    assert decode({0x0059: FRAME.encode()}) is None
