"""Layout of the specification: 20 00, voltage, temperature 8.8, frames, tenths of a second; big-endian."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.frames import telemetry
from beacon_gateway.frames.eddystone_tlm import decode
from beacon_gateway.frames.telemetry import Telemetry

EDDYSTONE = "0000feaa-0000-1000-8000-00805f9b34fb"
FRAME = bytes.fromhex("20 00 0b b8 17 80 00 00 00 05 00 00 00 64")


@pytest.mark.parametrize(
    ("octets", "told"),
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
def test_only_the_plain_frame_of_the_specification_is_read(octets: bytes, told: Telemetry | None) -> None:
    assert decode(octets) == told
    assert telemetry({EDDYSTONE: octets}) == told


def test_the_same_octets_of_another_service_say_nothing() -> None:
    assert telemetry({"0000180f-0000-1000-8000-00805f9b34fb": FRAME}) is None
    both = {"0000180f-0000-1000-8000-00805f9b34fb": FRAME, EDDYSTONE: FRAME}
    assert telemetry(both) == Telemetry(3000, temperature_c=23.5)
    assert telemetry({}) is None


@given(st.binary(max_size=32))
def test_foreign_octets_are_no_exception(octets: bytes) -> None:
    told = telemetry({EDDYSTONE: octets})
    assert told is None or (len(octets) == 14 and octets[:2] == b"\x20\x00")
