"""How fast frames are decoded, beside ibeacon-ble (Home Assistant's), and a million mutated ones without an exception.

ibeacon-ble is no dependency of ours: `python -m tests.bench.frames` goes on in the peers' environment, which is made
when there is none. With `--here`, and where that cannot be made, ours alone. Only ratios inside one run count.
"""

import argparse
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from math import inf
from time import process_time_ns
from timeit import Timer
from typing import Any

from beacon_gateway.frames import decode, decode_telemetry
from beacon_gateway.frames.ibeacon import COMPANY
from tests.bench.peers_venv import peers_python
from tests.paths import ROOT

Advert = dict[int, bytes]
Following = Callable[[], list[Advert]]
Read = Callable[[Any], object]
WANTED = {"repeated": 60, "never repeating": 10, "street mix": 20}
"""Times ibeacon-ble's frames a second."""
ROUNDS = 400
MUTATED, PEERS_MUTATED = 1_000_000, 100_000
TLM = "0000feaa-0000-1000-8000-00805f9b34fb"


def ibeacon(draw: random.Random) -> bytes:
    return b"\x02\x15" + draw.randbytes(21)


def streams(draw: random.Random) -> dict[str, Following]:
    """A few beacons over and over; new ones each time; and a street: three in ten iBeacons, phones, watches, others."""
    beacons = [{COMPANY: ibeacon(draw)} for _ in range(100)]
    apple = [{COMPANY: bytes((draw.choice((0x07, 0x09, 0x0C, 0x10, 0x12)), n)) + draw.randbytes(n)} for n in range(30)]
    strangers: list[Advert] = [{company: draw.randbytes(20)} for company in (0x0006, 0x0075, 0x0157, 0x0499)]
    street = draw.choices(beacons[:60], k=150) + draw.choices(apple, k=210) + draw.choices(strangers, k=140)
    draw.shuffle(street)
    return {
        "repeated": lambda: beacons * 5,
        "never repeating": lambda: [{COMPANY: ibeacon(draw)} for _ in range(500)],
        "street mix": lambda: street,
    }


def received(adverts: Iterable[Advert]) -> list[Advert]:
    """Octets of their own for each, as from a bus: none whose hash is known already."""
    return [{company: bytes(bytearray(octets)) for company, octets in advert.items()} for advert in adverts]


def timer(read: Read, following: Callable[[], Sequence[Any]]) -> Timer:
    """CPU nanoseconds of reading the adverts that follow: a loop of its own, so that Python fits it to this reading."""
    names = {"read": read, "following": following}
    return Timer("for advert in adverts: read(advert)", "adverts = following()", process_time_ns, globals=names)


def who(advert: Advert) -> object:
    """Beside decoding, the identity, which is made when it is first asked for."""
    frame = decode(advert)
    return frame and frame.beacon


def peer() -> tuple[Read, Read] | None:
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
    """How many were read as frames, how many were not, and the most CPU seconds that a single one took."""
    draw, read, longest = random.Random(seed), 0, 0
    for _ in range(count):
        octets = mutated(draw)
        began = process_time_ns()
        frame, told = decode({COMPANY: octets}), decode_telemetry({TLM: octets})
        longest = max(longest, process_time_ns() - began)
        if frame is not None:
            assert frame.encode() == octets
            assert str(frame.beacon)
        read += frame is not None or told is not None
    return read, count - read, longest / 1e9


def peers_exceptions(parse: Read, info: Read, count: int, seed: int) -> int:
    draw, raised = random.Random(seed), 0
    for _ in range(count):
        try:
            parse(info({COMPANY: mutated(draw)}))
        except IndexError:
            raised += 1
    return raised


def table(their: tuple[Read, Read] | None) -> None:
    """The least of many rounds, ours and theirs in turn, on adverts made just before."""
    print("| M adverts/s | ours | octets received anew | and who it is | ibeacon-ble | times | times, anew | goal |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, following in streams(random.Random(2015)).items():
        figures = rates(following, their)
        rate = " | ".join(f"{figures[way]:.2f}" if way in figures else "-" for way in ("ours", "anew", "who", "theirs"))
        theirs = figures.get("theirs")
        times = " | ".join(f"{figures[way] / theirs:.1f}" if theirs else "-" for way in ("ours", "anew"))
        print(f"| {name} | {rate} | {times} | {WANTED[name]} |", flush=True)


def rates(following: Following, their: tuple[Read, Read] | None) -> dict[str, float]:
    """Million adverts a second."""
    ways = {
        "ours": timer(decode, following),
        "anew": timer(decode, lambda: received(following())),
        "who": timer(who, lambda: received(following())),
    }
    if their is not None:
        parse, info = their
        ways["theirs"] = timer(parse, lambda: [info(advert) for advert in received(following())])
    least = dict.fromkeys(ways, inf)
    for _ in range(ROUNDS):
        for way, each in ways.items():
            least[way] = min(least[way], each.timeit(1) / len(following()))
    return {way: 1e3 / ns for way, ns in least.items()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.frames", description=__doc__)
    parser.add_argument("--here", action="store_true", help="in this environment, whether ibeacon-ble is in it or not")
    asked = parser.parse_args()
    their = peer()
    if their is None and not asked.here:
        try:
            python = str(peers_python())
        except subprocess.CalledProcessError as error:
            print(f"the peers could not be installed ({error}): ours only")
        else:
            command = [python, "-m", "tests.bench.frames", "--here"]
            return subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode
    table(their)
    read, foreign, longest = read_mutated(MUTATED, seed=1)
    print(f"{MUTATED} mutated: {read} read, {foreign} foreign, 0 exceptions, longest {longest * 1e3:.2f} ms of CPU")
    if their is not None:
        raised = peers_exceptions(*their, PEERS_MUTATED, seed=1)
        print(f"ibeacon-ble: {raised / PEERS_MUTATED:.1%} of the first {PEERS_MUTATED} raise IndexError")
    return 0


if __name__ == "__main__":
    sys.exit(main())
