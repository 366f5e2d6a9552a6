"""Measure CPU per sample relative to a one-dimensional Kalman step; only the ratios within one run count."""

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


def measure_costs() -> dict[str, float]:
    """Return the cost of one step relative to Kalman: the median of several processes.

    The memory layout of a process changes the ratio by a few hundredths.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        each = [task.result() for task in [pool.submit(measure_in_process) for _ in range(PROCESSES)]]
    return {name: median(found[name] for found in each) for name in each[0]}


def measure_in_process() -> dict[str, float]:
    """Return the fastest of several alternating rounds."""
    trace = [
        (number * WALK.seconds + at, rssi) for number, heard in enumerate(visits(BASE, 1, SEED)) for at, rssi in heard
    ]

    def run_ours() -> int:
        hear = ZoneEstimator(PresenceRules(), POWER).hear
        begin = process_time_ns()
        for at, rssi in trace:
            hear(rssi, at)
        return process_time_ns() - begin

    def build_run(make: peers.Make) -> Callable[[], int]:
        def run() -> int:
            judge = make()
            begin = process_time_ns()
            for at, rssi in trace:
                judge(at, rssi)
            return process_time_ns() - begin

        return run

    runs = {"Kalman": build_run(peers.kalman), OURS: run_ours} | {name: build_run(make) for name, make in PEERS.items()}
    runs |= {f"{name}, tuned": build_run(partial(PEERS[name], **figures)) for name, figures in TUNED.items()}
    least: dict[str, int] = {}
    for round_ in range(ROUNDS):
        for name, run in runs.items():
            if round_ < 3 or name in ("Kalman", OURS):
                least[name] = min(run(), least.get(name, 1 << 62))
    return {name: cost / least["Kalman"] for name, cost in least.items()}
