"""Time the recovery from every disturbance inside the radio lab; append one JSON line each to a file.

    tests/radio/lab/run -w DIR -l DIR env PYTHONPATH=. .venv/bin/python tests/radio/recovery_times.py DIR/rows

`--lasts`: durations of each cause in seconds. A round has one pair of gateways, which meets all disturbances in random
order, so that their retry pauses carry over. `tests/soak/test_radio_recovery.py` runs it and checks the times.
"""

import argparse
import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, time

from beacon_gateway.presence.trace import DecisionKind
from beacon_gateway.radio.bluez_bus import BlueZRefused
from tests.radio.crowd import STAYS_S, TAGS, recover_from_crowd
from tests.radio.disturbances import DISTURBANCES, EXIT_S, LOST_S, Disturbance, Pair, decisions, pair, recover
from tests.radio.lab_control import btvirt_runs, radios_ready, radios_up
from tests.radio.waiting import running, until

LOST = "a known transmitter lost"
CROWD = f"{TAGS} tags at once"
ALL = (*DISTURBANCES, LOST, CROWD)


@dataclass(frozen=True, slots=True)
class Row:
    """`began`, `ended`, `again`: wall clock seconds, which are the same inside and outside the lab.

    `silent_s`: the longest silence; `renewed`: number of new scans; `changed`: the visit ended.
    """

    name: str
    for_s: float
    began: float
    ended: float
    again: float
    silent_s: float
    renewed: int
    changed: bool


def wall(at: float) -> float:
    """Convert monotonic seconds to wall clock seconds."""
    return time() - monotonic() + at


async def time_one(two: Pair, name: str, disturbance: Disturbance, for_s: float) -> Row:
    scans = two.status.rebuilds
    recovery = await recover(two, lambda: disturbance.cause(for_s))
    ends = [each for each in decisions(two.ear.heard) if each.kind is DecisionKind.left]
    began = two.ear.heard[0].at
    changed = any(recovery.began_at <= began + end.at <= recovery.again_at + EXIT_S for end in ends)
    return Row(
        name,
        for_s,
        wall(recovery.began_at),
        wall(recovery.ended_at),
        wall(recovery.again_at),
        recovery.silent_s,
        two.status.rebuilds - scans,
        changed,
    )


async def time_on_live_radios(two: Pair, name: str, disturbance: Disturbance, for_s: float) -> Row:
    """As `time_one`; retry once if the emulated radios died by themselves."""
    try:
        return await time_one(two, name, disturbance, for_s)
    except (BlueZRefused, AssertionError):
        if btvirt_runs():
            raise
    print(f"btvirt died by itself during {name}", flush=True)
    await radios_up()
    await until(lambda: two.both_work)
    return await time_one(two, name, disturbance, for_s)


async def time_lost() -> Row:
    """Time from the last frame until recovery names the fault."""
    await radios_ready()
    two = Pair()
    async with running(two.scanner.hear(two.ear.heard.append)):
        async with running(two.advertiser.keep_on_air()):
            await two.ear.hears_again()
            await asyncio.sleep(1)
        await until(lambda: two.status.recovery and two.status.recovery.fault, LOST_S)
        noticed_at = monotonic()
    last, renewed = two.ear.heard[-1].at, two.status.rebuilds
    return Row(LOST, 0, wall(last), wall(last), wall(noticed_at), noticed_at - last, renewed, False)


async def time_crowd() -> Row:
    crowd = await recover_from_crowd()
    changed = crowd.silent_s >= EXIT_S
    began, ended, again = wall(crowd.began_at), wall(crowd.ended_at), wall(crowd.again_at)
    return Row(CROWD, STAYS_S, began, ended, again, crowd.silent_s, 0, changed)


def plan(lasts: Sequence[float], chance: random.Random) -> list[tuple[str, float]]:
    each = [(name, for_s) for name, one in DISTURBANCES.items() for for_s in (lasts if one.lasts else (0.0,))]
    chance.shuffle(each)
    return each


async def main(file: Path, *, rounds: int, lasts: Sequence[float], only: Sequence[str]) -> None:
    def write(row: Row) -> None:
        with file.open("a") as rows:
            rows.write(json.dumps(asdict(row)) + "\n")
        print(f"{row.name:34} lasts {row.for_s:4g} s, back {row.again - row.ended:5.2f} s later", flush=True)

    chance = random.Random(4)
    for _ in range(rounds):
        async with pair() as two:
            for name, for_s in plan(lasts, chance):
                if name not in only:
                    continue
                await asyncio.sleep(chance.uniform(0.5, 3))
                write(await time_on_live_radios(two, name, DISTURBANCES[name], for_s))
        if LOST in only:
            write(await time_lost())
        if CROWD in only:
            write(await time_crowd())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="a JSON line each is appended")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--lasts", type=float, nargs="+", default=[0.5])
    parser.add_argument("--only", nargs="+", choices=ALL, default=ALL)
    args = parser.parse_args()
    asyncio.run(main(args.file, rounds=args.rounds, lasts=args.lasts, only=args.only))
