"""Tests of Eddystone-TLM. Layout: 20 00, voltage, temperature 8.8, frames, tenths of a second; big-endian."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.frames import decode_telemetry
from beacon_gateway.frames.eddystone_tlm import decode
from beacon_gateway.frames.telemetry import Telemetry

EDDYSTONE = "0000feaa-0000-1000-8000-00805f9b34fb"
FRAME = bytes.fromhex("20 00 0b b8 17 80 00 00 00 05 00 00 00 64")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (FRAME, Telemetry(3000, temperature_c=23.5)),
        (bytes.fromhex("20 00 00 00 80 00 00000001 00000001"), Telemetry()),
        (bytes.fromhex("20 00 ff ff ff 80 00000001 00000001"), Telemetry(65535, temperature_c=-0.5)),
        (FRAME[:-1], None),
        (FRAME + b"\0", None),
        (b"", None),
        (b"\x21" + FRAME[1:], None),
        (b"\x20\x01" + FRAME[2:], None),
    ],
)
def test_only_the_plain_frame_of_the_specification_is_decoded(data: bytes, expected: Telemetry | None) -> None:
    assert decode(data) == expected
    assert decode_telemetry({EDDYSTONE: data}) == expected


def test_the_same_bytes_of_another_service_are_ignored() -> None:
    assert decode_telemetry({"0000180f-0000-1000-8000-00805f9b34fb": FRAME}) is None
    both = {"0000180f-0000-1000-8000-00805f9b34fb": FRAME, EDDYSTONE: FRAME}
    assert decode_telemetry(both) == Telemetry(3000, temperature_c=23.5)
    assert decode_telemetry({}) is None


@given(st.binary(max_size=32))
def test_other_bytes_raise_no_exception(data: bytes) -> None:
    telemetry = decode_telemetry({EDDYSTONE: data})
    assert telemetry is None or (len(data) == 14 and data[:2] == b"\x20\x00")
