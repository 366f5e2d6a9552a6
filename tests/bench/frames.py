"""Measure the decoding of frames against ibeacon-ble (of Home Assistant), and decode a million mutated frames.

ibeacon-ble is not a dependency: `python -m tests.bench.frames` runs again in the environment of the peers, which is
created if needed. With `--current-env`, or if that fails, only our decoder is measured. Only ratios in one run count.
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
GOALS = {"repeated": 60, "never repeating": 10, "street mix": 20}
"""Multiples of ibeacon-ble's frames per second."""
ROUNDS = 400
MUTATED, PEERS_MUTATED = 1_000_000, 100_000
TLM = "0000feaa-0000-1000-8000-00805f9b34fb"


def draw_ibeacon(draw: random.Random) -> bytes:
    return b"\x02\x15" + draw.randbytes(21)


def streams(draw: random.Random) -> dict[str, Following]:
    """Return streams of repeated beacons, of new ones, and of a street: 30 % iBeacons, phones, watches, others."""
    beacons = [{COMPANY: draw_ibeacon(draw)} for _ in range(100)]
    apple = [{COMPANY: bytes((draw.choice((0x07, 0x09, 0x0C, 0x10, 0x12)), n)) + draw.randbytes(n)} for n in range(30)]
    strangers: list[Advert] = [{company: draw.randbytes(20)} for company in (0x0006, 0x0075, 0x0157, 0x0499)]
    street = draw.choices(beacons[:60], k=150) + draw.choices(apple, k=210) + draw.choices(strangers, k=140)
    draw.shuffle(street)
    return {
        "repeated": lambda: beacons * 5,
        "never repeating": lambda: [{COMPANY: draw_ibeacon(draw)} for _ in range(500)],
        "street mix": lambda: street,
    }


def copy_bytes(adverts: Iterable[Advert]) -> list[Advert]:
    """Return adverts with new bytes objects, as from a bus, whose hashes are not cached."""
    return [{company: bytes(bytearray(data)) for company, data in advert.items()} for advert in adverts]


def build_timer(read: Read, following: Callable[[], Sequence[Any]]) -> Timer:
    """Measure CPU nanoseconds of reading the adverts, each way with its own loop, so that Python can specialise it."""
    names = {"read": read, "following": following}
    return Timer("for advert in adverts: read(advert)", "adverts = following()", process_time_ns, globals=names)


def decode_identity(advert: Advert) -> object:
    """Decode the frame and create its identity, which is lazy."""
    frame = decode(advert)
    return frame and frame.beacon


def import_peer() -> tuple[Read, Read] | None:
    """Return ibeacon-ble's parse function, and the conversion of an advert to its type (not timed)."""
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


def mutate(draw: random.Random) -> bytes:
    """Return an iBeacon or TLM frame with flipped bits and added, removed or repeated bytes."""
    data = bytearray(draw_ibeacon(draw) if draw.random() < 0.7 else b"\x20\x00" + draw.randbytes(12))
    for _ in range(draw.randint(1, 4)):
        where = draw.randrange(len(data) + 1)
        match draw.randrange(4):
            case 0 if data:
                data[where % len(data)] ^= 1 << draw.randrange(8)
            case 1:
                data[where:where] = draw.randbytes(draw.randrange(4))
            case 2:
                del data[where : where + draw.randrange(24)]
            case _:
                data += data[where:]
    return bytes(data)


def read_mutated(count: int, seed: int) -> tuple[int, int, float]:
    """Return the number of frames, the number of other bytes, and the longest CPU time in seconds."""
    draw, read, longest = random.Random(seed), 0, 0
    for _ in range(count):
        data = mutate(draw)
        began = process_time_ns()
        frame, telemetry = decode({COMPANY: data}), decode_telemetry({TLM: data})
        longest = max(longest, process_time_ns() - began)
        if frame is not None:
            assert frame.encode() == data
            assert str(frame.beacon)
        read += frame is not None or telemetry is not None
    return read, count - read, longest / 1e9


def count_peer_exceptions(parse: Read, info: Read, count: int, seed: int) -> int:
    draw, raised = random.Random(seed), 0
    for _ in range(count):
        try:
            parse(info({COMPANY: mutate(draw)}))
        except IndexError:
            raised += 1
    return raised


def print_table(peer: tuple[Read, Read] | None) -> None:
    """Print the fastest of many alternating rounds, on newly created adverts."""
    print("| M adverts/s | ours | new bytes | with identity | ibeacon-ble | ratio | ratio, new bytes | goal |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, following in streams(random.Random(2015)).items():
        figures = measure_rates(following, peer)
        rate = " | ".join(
            f"{figures[way]:.2f}" if way in figures else "-" for way in ("ours", "copied", "identity", "theirs")
        )
        theirs = figures.get("theirs")
        times = " | ".join(f"{figures[way] / theirs:.1f}" if theirs else "-" for way in ("ours", "copied"))
        print(f"| {name} | {rate} | {times} | {GOALS[name]} |", flush=True)


def measure_rates(following: Following, their: tuple[Read, Read] | None) -> dict[str, float]:
    """Return million adverts per second."""
    ways = {
        "ours": build_timer(decode, following),
        "copied": build_timer(decode, lambda: copy_bytes(following())),
        "identity": build_timer(decode_identity, lambda: copy_bytes(following())),
    }
    if their is not None:
        parse, info = their
        ways["theirs"] = build_timer(parse, lambda: [info(advert) for advert in copy_bytes(following())])
    least = dict.fromkeys(ways, inf)
    for _ in range(ROUNDS):
        for way, each in ways.items():
            least[way] = min(least[way], each.timeit(1) / len(following()))
    return {way: 1e3 / ns for way, ns in least.items()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.frames", description=__doc__)
    parser.add_argument("--current-env", action="store_true", help="use this environment, with or without ibeacon-ble")
    options = parser.parse_args()
    their = import_peer()
    if their is None and not options.current_env:
        try:
            python = str(peers_python())
        except subprocess.CalledProcessError as error:
            print(f"the peers could not be installed ({error}); only our decoder is measured")
        else:
            command = [python, "-m", "tests.bench.frames", "--current-env"]
            return subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode
    print_table(their)
    read, foreign, longest = read_mutated(MUTATED, seed=1)
    print(f"{MUTATED} mutated: {read} read, {foreign} foreign, 0 exceptions, longest {longest * 1e3:.2f} ms of CPU")
    if their is not None:
        raised = count_peer_exceptions(*their, PEERS_MUTATED, seed=1)
        print(f"ibeacon-ble: {raised / PEERS_MUTATED:.1%} of the first {PEERS_MUTATED} raise IndexError")
    return 0


if __name__ == "__main__":
    sys.exit(main())
