"""Inside the radio lab: time the recovery from every disturbance, several times over, one JSON line each to a file.

    tests/radio/lab/run -w DIR -l DIR env PYTHONPATH=. .venv/bin/python tests/radio/recovery_times.py DIR/rows

`--lasts`: for how many seconds each cause lasts. A round has one pair of gateways, which meets all disturbances in an
order of chance, so that what they have learned to wait is not forgotten in between. `tests/soak/test_radio_recovery.py`
runs it and judges.
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
from beacon_gateway.radio.bluez import BlueZRefused
from tests.radio.crowd import STAYS_S, TAGS, recover_from_crowd
from tests.radio.disturbances import DISTURBANCES, EXIT_S, LOST_S, Disturbance, Pair, decisions, pair, recover
from tests.radio.inside import plugged, radios_ready, radios_up, running, until

LOST = "a known transmitter lost"
CROWD = f"{TAGS} tags at once"
ALL = (*DISTURBANCES, LOST, CROWD)


@dataclass(frozen=True, slots=True)
class Row:
    """`began`, `ended`, `again`: seconds of the wall clock, which is the same inside and outside.

    `silent_s`: the longest silence. `renewed`: scans. `changed`: the visit was ended by it.
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
    """Of monotonic seconds."""
    return time() - monotonic() + at


async def time_one(two: Pair, name: str, disturbance: Disturbance, for_s: float) -> Row:
    scans = two.told("rebuilds")
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
        two.told("rebuilds") - scans,
        changed,
    )


async def time_on_live_radios(two: Pair, name: str, disturbance: Disturbance, for_s: float) -> Row:
    """As `time_one`; once more where the emulated radios died by themselves, which is no disturbance of the list."""
    try:
        return await time_one(two, name, disturbance, for_s)
    except (BlueZRefused, AssertionError):
        if plugged():
            raise
    print(f"btvirt died by itself during {name}", flush=True)
    await radios_up()
    await until(lambda: two.both_well)
    return await time_one(two, name, disturbance, for_s)


async def time_lost() -> Row:
    """From its last frame until the ladder names the fault."""
    await radios_ready()
    two = Pair()
    async with running(two.scanner.hear(two.ear.heard.append)):
        async with running(two.advertiser.keep_on_air()):
            await two.ear.hears_again()
            await asyncio.sleep(1)
        await until(lambda: two.told("recovery")["fault"], LOST_S)
        noticed_at = monotonic()
    last, renewed = two.ear.heard[-1].at, two.told("rebuilds")
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
    def keep(row: Row) -> None:
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
                keep(await time_on_live_radios(two, name, DISTURBANCES[name], for_s))
        if LOST in only:
            keep(await time_lost())
        if CROWD in only:
            keep(await time_crowd())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="a JSON line each is appended")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--lasts", type=float, nargs="+", default=[0.5])
    parser.add_argument("--only", nargs="+", choices=ALL, default=ALL)
    words = parser.parse_args()
    asyncio.run(main(words.file, rounds=words.rounds, lasts=words.lasts, only=words.only))
