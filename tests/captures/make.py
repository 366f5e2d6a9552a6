"""Generate walk_up_and_away.btsnoop with `python -m tests.captures.make`, always with the same bytes."""

from collections.abc import Iterator
from math import log10
from random import Random

from beacon_gateway.frames.ibeacon import COMPANY, IBeacon
from beacon_gateway.radio.hci.advertising_reports import build_legacy_report
from beacon_gateway.radio.hci.btsnoop import Datalink, Event, write_events
from tests.captures.identity import PERSON_TAG, PLACE_BEACON, WALK

BEGAN = 1_767_225_600.0  # 2026-01-01 00:00 UTC
FAR_M, NEAR_M = 12.0, 0.7
COME_S, STAY_S, LEAVE_S = 8.0, 8.0, 8.0
INTERVAL_S = 0.25
PATH_LOSS_EXPONENT = 2.2
SHADOW_DB = 2.0
STRANGER = bytes.fromhex("02 01 06 0b ff 06 00 01 09 20 02 a1 b2 c3 d4")  # another company's advert
GARBLED = bytes.fromhex("02 01 06 1a ff 4c 00 02 15 00")  # its length field is too large


def distance_m(at: float) -> float:
    if at < COME_S:
        return FAR_M + (NEAR_M - FAR_M) * at / COME_S
    if at < COME_S + STAY_S:
        return NEAR_M
    return NEAR_M + (FAR_M - NEAR_M) * (at - COME_S - STAY_S) / LEAVE_S


def rssi(frame: IBeacon, metres: float, draw: Random) -> int:
    """Return dBm by log-distance path loss with normal shadowing."""
    return round(frame.measured_power - 10 * PATH_LOSS_EXPONENT * log10(metres) + draw.gauss(0, SHADOW_DB))


def advert(frame: IBeacon) -> bytes:
    data = COMPANY.to_bytes(2, "little") + frame.encode()
    return bytes([1 + len(data), 0xFF]) + data


def events() -> Iterator[Event]:
    draw = Random(20260101)
    for step in range(round((COME_S + STAY_S + LEAVE_S) / INTERVAL_S)):
        at = step * INTERVAL_S
        yield build_event(at, advert(PERSON_TAG), rssi(PERSON_TAG, distance_m(at), draw))
        if step % 8 == 4:
            yield build_event(at + 0.1, advert(PLACE_BEACON), rssi(PLACE_BEACON, 9.0, draw))
        if step % 16 == 6:
            yield build_event(at + 0.15, STRANGER, -80)
        if step % 32 == 7:
            yield build_event(at + 0.15, GARBLED, -85)


def build_event(at: float, data: bytes, dbm: int) -> Event:
    return Event(BEGAN + at, "hci0", build_legacy_report(data, dbm))


if __name__ == "__main__":
    WALK.write_bytes(write_events(events(), Datalink.h4))
