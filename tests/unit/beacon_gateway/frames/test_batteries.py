"""Tests of battery levels in service data, each with its published layout."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.frames import DECODERS, TelemetryFormat, decode_telemetry
from beacon_gateway.frames.telemetry import Telemetry

BATTERY, MINEW, FEASYCOM = 0x180F, 0xFFE1, 0xFFF0
MINEW_INFO = bytes.fromhex("a1 08 64 00 13 02 e4 cd ab 50 4c 55 53 30 30 31")
"""The example of Minew's document: 100 %, an address and the name PLUS001."""
FEASY = bytes.fromhex("19 00 10 05 01 02 03 04 05 06 5f")


def service(number: int) -> str:
    return f"{number:08x}-0000-1000-8000-00805f9b34fb"


@pytest.mark.parametrize(
    ("number", "data", "expected"),
    [
        (BATTERY, b"\x00", Telemetry(battery_percent=0)),
        (BATTERY, b"\x64", Telemetry(battery_percent=100)),
        (BATTERY, b"\x65", None),
        (BATTERY, b"\xff", None),
        (BATTERY, b"\x32\x00", None),
        (BATTERY, b"", None),
        (MINEW, MINEW_INFO, Telemetry(battery_percent=100)),
        (MINEW, MINEW_INFO[:9], Telemetry(battery_percent=100)),
        (MINEW, MINEW_INFO[:8], None),
        (MINEW, b"\xa1\x01" + MINEW_INFO[2:], None),  # its sensors' frames begin with A1 too
        (MINEW, b"\xa1\x08\x65" + MINEW_INFO[3:], None),
        (FEASYCOM, FEASY, Telemetry(battery_percent=95)),
        (FEASYCOM, FEASY[:-1] + b"\x65", Telemetry()),
        (FEASYCOM, FEASY[:-1] + b"\x66", None),
        (FEASYCOM, b"\x18" + FEASY[1:], None),
        (FEASYCOM, FEASY + b"\0", None),
        (FEASYCOM, FEASY[:-1], None),
    ],
)
def test_only_the_published_layouts_are_decoded(number: int, data: bytes, expected: Telemetry | None) -> None:
    assert decode_telemetry({service(number): data}) == expected


def test_bytes_of_one_format_under_the_service_of_another_are_ignored() -> None:
    assert decode_telemetry({service(BATTERY): MINEW_INFO, service(MINEW): FEASY, service(FEASYCOM): b"\x64"}) is None


@pytest.mark.parametrize(
    ("telemetry", "low"),
    [
        (Telemetry(), False),
        (Telemetry(battery_percent=20), True),
        (Telemetry(battery_percent=21), False),
        (Telemetry(battery_mv=2500), True),
        (Telemetry(battery_mv=2501), False),
        (Telemetry(battery_mv=2000, battery_percent=90), False),
    ],
)
def test_a_battery_is_low_by_the_tags_own_percent_or_else_by_its_voltage(telemetry: Telemetry, low: bool) -> None:
    assert telemetry.battery_low is low


FORMATS = [each for each in DECODERS if isinstance(each, TelemetryFormat)]


@given(st.binary(max_size=40), st.sampled_from(FORMATS))
def test_other_bytes_raise_no_exception(data: bytes, format_: TelemetryFormat) -> None:
    telemetry = format_.decode(data)
    assert telemetry is None or telemetry.battery_percent is None or 0 <= telemetry.battery_percent <= 100
