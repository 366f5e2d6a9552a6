"""Rows of the table of goals for the whole gateway: takeover, two kiosks, two adapters, clones, processor time.

`python -m tests.bench.presence takeover`, `kiosks` and `adapters` print the first three in full.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from functools import partial
from time import process_time

from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.walk import parse_walk
from tests.bench.presence import adapters, kiosks, takeover
from tests.bench.presence.contestants import OURS
from tests.bench.presence.goals import GoalRow, goal_row, limit_row
from tests.unit.beacon_gateway.presence.placements import Placement, one_transmitter, two_transmitters

CROWD, CROWD_SHARE = 198, 10
"""Others who stand; these visits are a share of the usual number, because each has 1,400 frames a second."""
PLACEMENTS, SECOND_TRANSMITTERS = 1440, 180
FOUND_S = 60.0
PLACEMENTS_AT_ONCE = 20
TAGS, CORE_SHARE = 200, 0.15
"""Each sends ten adverts a second; the share of a core that they may take."""
BUSY_S = 20.0


def takeover_rows(pool: Executor, visits: int, seed: int) -> Iterator[GoalRow]:
    alone = {
        name: pool.submit(takeover.measure_takeover, air, visits, f"{seed} {name}")
        for name, air in takeover.AIRS.items()
    }
    few = max(1, visits // CROWD_SHARE)
    crowds = {
        f"{name}, {CROWD} others": pool.submit(
            takeover.measure_takeover, takeover.AIRS[name], few, f"{seed} {name}", CROWD
        )
        for name in takeover.CROWDED
    }
    for name, measured in (alone | crowds).items():
        found = measured.result()
        what = f"takeover, {name}"
        yield limit_row(f"{what}: wait p50, s", found[OURS].quantile(0.5), takeover.GOAL_P50_S)
        yield limit_row(f"{what}: wait p90, s", found[OURS].quantile(0.9), takeover.GOAL_P90_S)
        if name in alone:
            extra = {screen: waits.extra / len(waits.waits) for screen, waits in found.items()}
            yield goal_row(f"{what}: extra changes/visit", extra, None)


def kiosk_rows(pool: Executor, visits: int, seed: int) -> Iterator[GoalRow]:
    each = {
        name: pool.submit(kiosks.measure_kiosks, air, visits, f"{seed} {name}") for name, air in takeover.AIRS.items()
    }
    for name, measured in each.items():
        found, what = measured.result(), f"two kiosks, {name}"
        share = sum(found.wrong) / (len(found.wrong) * kiosks.STAYS_S)
        yield limit_row(f"{what}: shown after, p90, s", kiosks.quantile(found.waits, 0.9), kiosks.GOAL_WAIT_S)
        yield limit_row(f"{what}: wrong, p90, s", kiosks.quantile(found.wrong[1::2], 0.9), kiosks.GOAL_WRONG_S)
        yield limit_row(f"{what}: wrong, % of the visit", 100 * share, 100 * kiosks.GOAL_SHARE)


def adapter_rows(pool: Executor, visits: int, seed: int) -> Iterator[GoalRow]:
    """Compare S of two adapters with S of the first one alone."""
    each = {
        (second, name): pool.submit(adapters.measure, air, second, visits, str(seed))
        for name, air in adapters.AIRS.items()
        for second in (None, *adapters.SECOND)
    }
    for (second, name), measured in each.items():
        if second is not None:
            (both, ends), (alone, ends_alone) = measured.result(), each[None, name].result()
            yield GoalRow(f"second adapter, {second.name}, {name}: S", both.s, alone.s, 1.0, "one adapter")
            yield limit_row(f"second adapter, {second.name}, {name}: false exits", ends, ends_alone)


def clone_rows(pool: Executor, seed: int) -> Iterator[GoalRow]:
    detect = partial(pool.map, Placement.detected_s, chunksize=PLACEMENTS_AT_ONCE)
    alarms = sum(found is not None for found in detect(one_transmitter(PLACEMENTS, seed)))
    yield limit_row(f"clones: alarms in {PLACEMENTS} placements of one transmitter", alarms, 0)
    late = sum(found is None or found >= FOUND_S for found in detect(two_transmitters(SECOND_TRANSMITTERS, seed)))
    yield limit_row(f"clones: of {SECOND_TRANSMITTERS} second transmitters not found in {FOUND_S:g} s", late, 0)


def cost_row(seed: int) -> GoalRow:
    """Measure zones and choice without the bus; `python -m tests.bench.adverts` measures the whole way of an advert."""
    walks = [parse_walk(f"{1 + number % 8}m {BUSY_S:g}s") for number in range(TAGS)]
    heard = list(takeover.frames(walks, Air((0.1, 0.1), loss=0.0), f"{seed} cost"))
    begin = process_time()
    takeover.our_screen(iter(heard), TAGS)
    share = (process_time() - begin) / BUSY_S
    return limit_row(f"% of a core, decisions for {TAGS} tags x 10/s, without the bus", 100 * share, 100 * CORE_SHARE)
