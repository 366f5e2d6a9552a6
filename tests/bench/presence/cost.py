"""CPU per sample beside a one-dimensional Kalman step, everything in one run: only the ratios count."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from statistics import median
from time import process_time_ns

from beacon_gateway.presence.estimator import ZoneEstimator
from beacon_gateway.presence.presence_rules import PresenceRules
from tests.bench.presence import peers
from tests.bench.presence.contestants import OURS, PEERS, TUNED
from tests.bench.presence.world import BASE, POWER, WALK, visits

ROUNDS = 15
PROCESSES = 7
SEED = 5


def costs() -> dict[str, float]:
    """Of one step, Kalman's being 1: the median of several processes, since where things lie in memory makes a few
    hundredths, and is another place in each."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        each = [task.result() for task in [pool.submit(in_this_process) for _ in range(PROCESSES)]]
    return {name: median(found[name] for found in each) for name in each[0]}


def in_this_process() -> dict[str, float]:
    """The least of several rounds, taken in turn."""
    trace = [
        (number * WALK.seconds + at, rssi) for number, heard in enumerate(visits(BASE, 1, SEED)) for at, rssi in heard
    ]

    def of_ours() -> int:
        hear = ZoneEstimator(PresenceRules(), POWER).hear
        begin = process_time_ns()
        for at, rssi in trace:
            hear(rssi, at)
        return process_time_ns() - begin

    def of(make: peers.Make) -> Callable[[], int]:
        def run() -> int:
            judge = make()
            begin = process_time_ns()
            for at, rssi in trace:
                judge(at, rssi)
            return process_time_ns() - begin

        return run

    runs = {"Kalman": of(peers.kalman), OURS: of_ours} | {name: of(make) for name, make in PEERS.items()}
    runs |= {f"{name}, tuned": of(partial(PEERS[name], **figures)) for name, figures in TUNED.items()}
    least: dict[str, int] = {}
    for round_ in range(ROUNDS):
        for name, run in runs.items():
            if round_ < 3 or name in ("Kalman", OURS):
                least[name] = min(run(), least.get(name, 1 << 62))
    return {name: spent / least["Kalman"] for name, spent in least.items()}
