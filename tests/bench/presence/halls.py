"""Worlds of a real hall and recorded walks: rows of the table of goals, against the best peer with published defaults.

The parameters come from measurements:

- An advert goes out on three channels, which fade independently (Nikoukar and others, Empirical Analysis and Modeling
  of Bluetooth Low-Energy Advertisement Channels, Med-Hoc-Net 2018). The recorded walks (tests/captures/recorded_air)
  show levels typically 7 dB apart, up to 17; Rice fading with K of 6 dB, 0 dB and without direct path covers this.
- Path loss exponent 1.45 in the hall of the recorded walks; 1.6 to 1.8 in line of sight inside buildings (Rappaport,
  Wireless Communications, 2nd edition 2002, table 4.2).
- Standard deviation of a standing beacon 3.5 to 5.9 dB at 1 to 16 m, and 13 to 40 % fewer packets under interference
  (Strzoda and others, MSWiM 2022, doi 10.1145/3551662.3560933).
- A body between tag and kiosk often counts more than distance (Leith and Farrell, arXiv 2006.06822). We take 8 to 14 dB
  for 2 to 8 s, six times a minute.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import partial
from itertools import pairwise

from beacon_gateway.model.beacons import Zone
from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.walk import parse_walk
from tests.bench.presence.contestants import FIELD, OURS, PEERS
from tests.bench.presence.goals import GoalRow, goal_row, limit_row
from tests.bench.presence.recorded_air import CALIBRATED, EDGES_M, AirScore, score_air
from tests.bench.presence.score import Changes, Tally
from tests.bench.presence.world import POWER, World, visits, walked

MULTIPATH_SIGMAS_DB = (2.0, 3.0, 4.0)
"""Of the shadowing alone; the fading of the channels comes on top."""
MOST_LOSS = (0.6, 0.6, 0.6)
POCKET = Air(body_per_minute=6.0, body_db=(8.0, 14.0), body_s=(2.0, 8.0))

HALLS: tuple[tuple[World, float | None], ...] = (
    (World("multipath, Rice K 6 dB", Air(multipath=True), MULTIPATH_SIGMAS_DB), 0.45),
    (World("multipath, K 0 dB", Air(multipath=True, rice_k_db=0.0), MULTIPATH_SIGMAS_DB), 0.45),
    (World("multipath, no direct path", Air(multipath=True, rice_k_db=None), MULTIPATH_SIGMAS_DB), 0.45),
    (World("path loss 1.4, multipath", Air(path_loss_exponent=1.4, multipath=True), MULTIPATH_SIGMAS_DB), None),
    (World("tag in a pocket, turning round", POCKET, MULTIPATH_SIGMAS_DB), 0.60),
    (World("a tag each second, 60 % loss", Air((1.0, 1.01)), MULTIPATH_SIGMAS_DB, MOST_LOSS), None),
    (World("a tag each 2 s", Air((2.0, 2.01)), MULTIPATH_SIGMAS_DB), 0.80),
    (World("a tag each 2 s, 60 % loss", Air((2.0, 2.01)), MULTIPATH_SIGMAS_DB, MOST_LOSS), 0.80),
    (World("1 % impossible readings", impossible=0.01), None),
)
"""Each with its goal: our S as a share of the best peer's."""

LINGER = "{near}m 20s;" + "walk 0.3m/s to {far}m; stay 20s; walk 0.3m/s to {near}m; stay 20s;" * 40 + "stay 1s"
LINGERS_M = ((1.3, 1.7), (3.6, 4.4))
"""Across each edge. They count together: a peer that shows 8 m as near has no changes at 4 m."""
LINGER_AIR = Air(sigma_db=3.0, multipath=True)
WALL_DB = 12
"""Of a wall between two halls; a tag stays 3 m behind it."""
BEHIND_WALL = parse_walk("3m 1800s")


def score_hall(world: World, count: int, seed: int) -> dict[str, float]:
    tallies = {name: Tally() for name in (OURS, *PEERS)}
    for trace in visits(world, count, seed):
        for name, tally in tallies.items():
            tally.add(FIELD[name](trace))
    return {name: tally.score().s for name, tally in tallies.items()}


def count_lingering(seed: int) -> dict[str, float]:
    """Return the changes per hour of a person who walks up and down across an edge."""
    walks = [parse_walk(LINGER.format(near=near_m, far=far_m)) for near_m, far_m in LINGERS_M]
    traces = [walked(walk, POWER, LINGER_AIR, f"{seed} linger {number}") for number, walk in enumerate(walks)]
    hours = sum(walk.seconds for walk in walks) / 3600
    return {name: sum(len(FIELD[name](trace)) for trace in traces) / hours for name in (OURS, *PEERS)}


def share_behind_wall(seed: int) -> dict[str, float]:
    """Return the share of the time in which a tag in the next hall is shown as near or immediate, in percent."""
    trace = walked(BEHIND_WALL, POWER - WALL_DB, LINGER_AIR, f"{seed} wall")
    return {name: 100 * _near_s(FIELD[name](trace)) / BEHIND_WALL.seconds for name in (OURS, *PEERS)}


def _near_s(changes: Changes) -> float:
    pairs = pairwise([*changes, (BEHIND_WALL.seconds, Zone.far)])
    return sum(end - at for (at, zone), (end, _) in pairs if zone in (Zone.near, Zone.immediate))


def hall_rows(pool: Executor, count: int, seed: int) -> Iterator[GoalRow]:
    found = pool.map(partial(score_hall, count=count, seed=seed), [world for world, _ in HALLS])
    for (world, goal), scores in zip(HALLS, found, strict=True):
        yield goal_row(f"S, {world.name}", scores, goal)
    yield goal_row("changes/h, lingering at 1.5 and 4 m", count_lingering(seed), 1.0)
    yield goal_row(f"% near, 3 m behind a wall of {WALL_DB} dB", share_behind_wall(seed), None)


AIR_FIGURES: dict[str, tuple[Callable[[AirScore], float], float]] = {
    "mean error, %": (lambda air: 100 * air.mean_error, 0.8),
    "extra changes/h": (lambda air: air.extra_changes_per_hour, 0.6),
    "stays missed, %": (lambda air: 100 * air.missed_share, 1.0),
}
MOST_IMMEDIATE_WHILE_FAR = 0.5
"""Percent."""


def air_rows() -> Iterator[GoalRow]:
    for edges in EDGES_M:
        place = f"recorded walks, {edges[0]:g} and {edges[1]:g} m"
        scores: dict[str, AirScore] = {name: score_air(name, edges) for name in (OURS, *CALIBRATED)}
        for what, (figure, goal) in AIR_FIGURES.items():
            yield goal_row(f"{place}: {what}", {name: figure(air) for name, air in scores.items()}, goal)
        ours = 100 * scores[OURS].immediate_while_far
        yield limit_row(f"{place}: immediate while far, %", ours, MOST_IMMEDIATE_WHILE_FAR)
