"""How fast frames are decoded, beside ibeacon-ble (Home Assistant's), and a million mutated ones without an exception.

ibeacon-ble is no dependency of ours: `./dev bench frames` runs this in the peers' environment. Without it, ours
alone: `.venv/bin/python -m tests.bench.frames`. Ratios inside one run count, absolute times do not.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from beacon_gateway.frames import decode, telemetry
from beacon_gateway.frames.ibeacon import COMPANY

Advert = dict[int, bytes]
WANTED = {"repeated": 60, "never repeating": 10, "street mix": 20}
MUTATED = 1_000_000
TLM = "0000feaa-0000-1000-8000-00805f9b34fb"


def ibeacon(draw: random.Random) -> bytes:
    return b"\x02\x15" + draw.randbytes(21)


def streams(draw: random.Random) -> dict[str, list[Advert]]:
    """A few beacons over and over; each frame new; and a street: phones, watches, three in ten iBeacons."""
    beacons = [{COMPANY: ibeacon(draw)} for _ in range(100)]
    apple = [{COMPANY: bytes((draw.choice((0x07, 0x09, 0x0C, 0x10, 0x12)), n)) + draw.randbytes(n)} for n in range(30)]
    strangers: list[Advert] = [{company: draw.randbytes(20)} for company in (0x0006, 0x0075, 0x0157, 0x0499)]
    street = beacons[:60] + apple * 3 + strangers * 15
    return {
        "repeated": beacons * 1000,
        "never repeating": [{COMPANY: ibeacon(draw)} for _ in range(100_000)],
        "street mix": draw.choices(street, k=100_000),
    }


def rate(read: Callable[[Any], object], adverts: Sequence[Any], seconds: float = 2.0) -> float:
    """The best of several rounds, adverts a second."""
    best, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        for advert in adverts:
            read(advert)
        best = min(best, time.perf_counter() - began)
    return len(adverts) / best


def peer() -> tuple[Callable[[Any], object], Callable[[Advert], object]] | None:
    """ibeacon-ble's parse, and what makes an advert its own kind of value (not timed)."""
    try:
        from home_assistant_bluetooth import BluetoothServiceInfo  # type: ignore[import-not-found,unused-ignore]  # the peer
        from ibeacon_ble import iBeaconParser  # type: ignore[import-not-found,unused-ignore]  # the peer
    except ImportError:
        return None

    def info(advert: Advert) -> object:
        return BluetoothServiceInfo(
            name="tag",
            address="random",
            rssi=-60,
            manufacturer_data=advert,
            service_data={},
            service_uuids=[],
            source="hci0",
        )

    return iBeaconParser().parse, info


def mutated(draw: random.Random) -> bytes:
    """An iBeacon or TLM frame with bits flipped, octets added, taken away or doubled."""
    octets = bytearray(ibeacon(draw) if draw.random() < 0.7 else b"\x20\x00" + draw.randbytes(12))
    for _ in range(draw.randint(1, 4)):
        where = draw.randrange(len(octets) + 1)
        match draw.randrange(4):
            case 0 if octets:
                octets[where % len(octets)] ^= 1 << draw.randrange(8)
            case 1:
                octets[where:where] = draw.randbytes(draw.randrange(4))
            case 2:
                del octets[where : where + draw.randrange(24)]
            case _:
                octets += octets[where:]
    return bytes(octets)


def read_mutated(count: int, seed: int) -> tuple[int, int, float]:
    """How many were read as frames, how many were not, and the longest single reading in seconds."""
    draw, read, longest = random.Random(seed), 0, 0.0
    for _ in range(count):
        octets = mutated(draw)
        began = time.perf_counter()
        frame, told = decode({COMPANY: octets}), telemetry({TLM: octets})
        longest = max(longest, time.perf_counter() - began)
        if frame is not None:
            assert frame.encode() == octets
            assert str(frame.beacon)
        read += frame is not None or told is not None
    return read, count - read, longest


def main() -> None:
    their = peer()
    for name, adverts in streams(random.Random(2015)).items():
        ours = rate(decode, adverts)
        line = f"{name:16} ours {ours / 1e6:6.2f} M/s"
        if their is not None:
            parse, info = their
            theirs = rate(parse, [info({**advert}) for advert in adverts if advert.get(COMPANY, b"  ")[1:]])
            line += f"   ibeacon-ble {theirs / 1e6:6.3f} M/s   {ours / theirs:5.0f} times (wanted {WANTED[name]})"
        print(line)
    read, foreign, longest = read_mutated(MUTATED, seed=1)
    print(f"{MUTATED} mutated: {read} read, {foreign} foreign, 0 exceptions, longest {longest * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
