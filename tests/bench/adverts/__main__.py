"""Measure CPU per advert, from D-Bus signal to decision: `python -m tests.bench.adverts [--rounds N] [--seconds S]`.

It compares ours with bare bleak, habluetooth and Theengs Gateway in turn, each on a private dbus-daemon; then the
callback path alone. It prints medians over the rounds; only ratios within one run are comparable.
"""

import argparse
import asyncio
import logging
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from subprocess import CalledProcessError

import structlog

from tests.bench.adverts.broker import broker
from tests.bench.adverts.callback import measure_callbacks
from tests.bench.adverts.run import Measured, measure
from tests.bench.peers_venv import peers_python

AT_500 = ("bleak", "ours", "habluetooth", "theengs")
TWO = AT_TAGS = ("bleak", "ours")
TAGS = 2000
"""Two hundred tags, ten times a second each: more than uncoordinated beacons can transmit."""
AT_MAX = ("bleak", "ours", "habluetooth")
"""Theengs Gateway cannot keep up with so many."""
MAX_RATE = 2717
"""An iBeacon takes 368 µs on the air: one channel holds no more."""


async def main(rounds: int, seconds: float, *, two: bool) -> None:
    runs = ((500, TWO),) if two else ((500, AT_500), (TAGS, AT_TAGS), (MAX_RATE, AT_MAX))
    try:
        peers: Path | None = None if two else peers_python()
    except CalledProcessError as error:
        print(f"the peers could not be installed ({error}): only bare bleak and ours are measured")
        peers = None
    found: dict[tuple[int, str], list[Measured]] = defaultdict(list)
    async with broker() as port:
        for _ in range(rounds):
            for rate, names in runs:
                for name in names:
                    ours = name in ("bleak", "ours")
                    if not ours and peers is None:
                        continue
                    python = Path(sys.executable) if ours or peers is None else peers
                    argument = str(port if name == "theengs" else rate)
                    found[rate, name].append(await measure(name, python, rate, seconds, argument))
    print_table(found)
    print_callback_costs()


def print_callback_costs() -> None:
    print("\nPer advert without a socket, from the D-Bus message:")
    spent = measure_callbacks()
    print(
        f"bleak's callback path {spent['bleak'] / 1000:.2f} µs; all of ours instead {spent['ours'] / 1000:.2f} µs, "
        f"{spent['ours'] / spent['bleak']:.2f} of it (goal 1.50: bleak's, and half as much for ours). "
        f"To the sighting {spent['radio'] / spent['bleak']:.2f} of it; presence and figures "
        f"{spent['presence'] / spent['bleak']:.2f} (goal 0.50)"
    )


def print_table(found: dict[tuple[int, str], list[Measured]]) -> None:
    print("\n| adverts/s | way | CPU an advert, µs | of bleak's | lost | signal to decision p50 / p99, ms |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for (rate, name), runs in found.items():
        cpu = median(run.cpu_us for run in runs)
        ratio = median(run.cpu_us / bare.cpu_us for run, bare in zip(runs, found[rate, "bleak"], strict=True))
        late = [sorted(run.late_ms) for run in runs if run.late_ms]
        p50 = median(each[len(each) // 2] for each in late) if late else float("nan")
        p99 = median(each[len(each) * 99 // 100] for each in late) if late else float("nan")
        lost = sum(run.lost for run in runs)
        print(f"| {rate} | {name} | {cpu:.1f} | {ratio:.2f} | {lost} | {p50:.2f} / {p99:.2f} |")
    if (500, "theengs") in found:
        pairs = zip(found[500, "ours"], found[500, "theengs"], strict=True)
        print(f"\nOf Theengs Gateway's at 500/s: {median(a.cpu_us / b.cpu_us for a, b in pairs):.3f} (goal 0.10)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.adverts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument(
        "--two", action="store_true", help="bare bleak and ours at 500/s only: more rounds in less time"
    )
    parser.add_argument("--callback", action="store_true", help="the callback path alone: no bus, half a minute")
    args = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if args.callback:
        print_callback_costs()
    else:
        asyncio.run(main(args.rounds, args.seconds, two=args.two))
