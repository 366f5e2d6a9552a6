"""Print the table of docs/performance.md, on seeds that were not used for training.

python -m tests.bench.presence [--seed N] [--visits N]
python -m tests.bench.presence air       scores recorded walks with true positions
python -m tests.bench.presence takeover  measures two tags and one screen
python -m tests.bench.presence kiosks    measures two kiosks in one hall
python -m tests.bench.presence adapters  measures one gateway with two adapters
python -m tests.bench.presence tune      searches the peers' best parameters on the training seed
"""

import argparse
import secrets
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.bench.presence.adapters import print_adapters
from tests.bench.presence.contestants import FIELD, OURS, PEERS
from tests.bench.presence.cost import measure_costs
from tests.bench.presence.gateway_rows import adapter_rows, clone_rows, cost_row, kiosk_rows, takeover_rows
from tests.bench.presence.goals import goal_row, print_goals
from tests.bench.presence.halls import air_rows, hall_rows
from tests.bench.presence.kiosks import print_kiosks
from tests.bench.presence.recorded_air import print_air
from tests.bench.presence.score import Reading, Score, Tally, changes_per_hour, robust
from tests.bench.presence.takeover import print_takeover
from tests.bench.presence.tune import tune
from tests.bench.presence.world import BASE, STANDS_M, WORLDS, World, standing, visits

TARGET_S, TARGET_SR = 0.30, 0.38
HALL_SHARE = 4
"""The worlds of halls take a share of the visits: a quarter of those of the public worlds."""


def score_world(world: World, count: int, seed: int) -> dict[tuple[str, Reading], Score]:
    readings = Reading if world is BASE or world == BASE else (Reading.usual,)
    tallies = {(name, reading): Tally(reading) for name in FIELD for reading in readings}
    for trace in visits(world, count, seed):
        for name, estimate in FIELD.items():
            changes = estimate(trace)
            for reading in readings:
                tallies[name, reading].add(changes)
    return {key: tally.score() for key, tally in tallies.items()}


def count_changes(metres: float, seed: int) -> dict[str, float]:
    trace = standing(metres, seed)
    return {name: changes_per_hour(estimate(trace)) for name, estimate in FIELD.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.presence", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=["table", "air", "takeover", "kiosks", "adapters", "tune"], default="table"
    )
    parser.add_argument("--seed", type=int, default=None, help="of the world; random by default")
    parser.add_argument("--visits", type=int, default=40, help="per condition")
    options = parser.parse_args()
    if options.what == "tune":
        tune()
        return
    if options.what == "air":
        print_air()
        return
    seed = secrets.randbelow(10**9) + 1000 if options.seed is None else options.seed
    if options.what == "kiosks":
        print(f"seed {seed}")
        print_kiosks(options.visits, seed)
        return
    if options.what == "adapters":
        print(f"seed {seed}")
        print_adapters(options.visits, seed)
        return
    if options.what == "takeover":
        print(f"seed {seed}")
        print_takeover(options.visits, seed)
        return
    print(f"seed {seed}, {options.visits} visits under each of nine conditions in each of {len(WORLDS)} worlds")
    with ProcessPoolExecutor(2) as pool:
        by_world = list(pool.map(partial(score_world, count=options.visits, seed=seed), WORLDS))
        by_place = list(pool.map(partial(count_changes, seed=seed), STANDS_M))
        halls = list(hall_rows(pool, max(1, options.visits // HALL_SHARE), seed))
        gateway = [
            row for rows in (takeover_rows, kiosk_rows, adapter_rows) for row in rows(pool, options.visits, seed)
        ]
        gateway += [*clone_rows(pool, seed), cost_row(seed)]
    s, sr = print_tables(by_world, by_place)
    public = [
        goal_row(what, {name: of[name] for name in (OURS, *PEERS)}, goal)
        for what, of, goal in (("S", s, TARGET_S), ("SR", sr, TARGET_SR))
    ]
    print_goals([*public, *halls, *air_rows(), *gateway])


def print_tables(
    by_world: list[dict[tuple[str, Reading], Score]], by_place: list[dict[str, float]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return S and SR of each."""
    cost = measure_costs()
    s = {name: by_world[0][name, Reading.usual].s for name in FIELD}
    places = {name: [place[name] for place in by_place] for name in FIELD}
    sr = {name: robust((world[name, Reading.usual] for world in by_world), places[name]) for name in FIELD}
    print(
        "\n| | enter p50/p90 s | leave p50/p90 s | false/h at 1 m, 8 m | ghosts/h | missed | S | SR | CPU, Kalman = 1 |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in FIELD:
        of = by_world[0][name, Reading.usual]
        print(
            f"| {name} | {of.enter_p50:.1f} / {of.enter_p90:.1f} | {of.leave_p50:.1f} / {of.leave_p90:.1f} "
            f"| {of.false_at_1m:.1f}, {of.false_at_8m:.1f} | {of.ghosts:.2f} | {of.missed:.1%} "
            f"| {s[name]:.2f} | {sr[name]:.2f} | {cost[name]:.2f} |"
        )
    print("\n| S in each world |", " | ".join(world.name for world in WORLDS), "| changes/h standing at", end=" ")
    print(", ".join(f"{metres:g}" for metres in STANDS_M), "m |")
    print("| --- |", " | ".join(["---:"] * (len(WORLDS) + 1)), "|")
    for name in FIELD:
        row = " | ".join(f"{world[name, Reading.usual].s:.1f}" for world in by_world)
        print(f"| {name} | {row} | {', '.join(f'{changes:.0f}' for changes in places[name])} |")
    print()
    print_comparison("S", s, TARGET_S)
    print_comparison("SR", sr, TARGET_SR)
    for reading in (Reading.every_change, Reading.until_far):
        print_comparison(f"S, when {reading}", {name: by_world[0][name, reading].s for name in FIELD}, TARGET_S)
    print(f"CPU of our step: {cost[OURS]:.2f} of a one-dimensional Kalman step")
    return s, sr


def print_comparison(what: str, figures: dict[str, float], goal: float) -> None:
    tuned = [figures[name] for name in FIELD if name not in PEERS and name != OURS]
    best = min(figures[name] for name in PEERS)
    also = f", {figures[OURS] / min(tuned):.2f} of the best tuned one's {min(tuned):.2f}" if tuned else ""
    ratio = figures[OURS] / best
    print(f"{what}: {figures[OURS]:.2f} is {ratio:.2f} of the best default peer's {best:.2f} (goal {goal}){also}")


if __name__ == "__main__":
    main()
