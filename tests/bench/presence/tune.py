"""Search the peers' best parameters at random, on the training seed and for the same score as ours."""

import random
from functools import partial

from tests.bench.presence.contestants import PEERS, by_distance
from tests.bench.presence.peers import Make
from tests.bench.presence.score import Tally, changes_per_hour, robust
from tests.bench.presence.world import STANDS_M, WORLDS, standing, visits

TRAINING_SEED = 1
VISITS = 2
TRIES = 80

RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "AltBeacon average": {"window_s": (2, 20), "trim": (0, 0.3), "offset_db": (-6, 6)},
    "AltBeacon ARMA": {"speed": (0.01, 0.2), "offset_db": (-6, 6)},
    "ESPresense": {"window_s": (2, 15), "absorption": (1.8, 5), "offset_db": (-6, 6)},
    "Bermuda": {"reference": (-62, -48), "attenuation": (1.8, 5), "velocity": (1, 8), "samples": (3, 25)},
}


def tune() -> None:
    """Print the best parameters of each peer."""
    traces = [list(visits(world, VISITS, TRAINING_SEED)) for world in WORLDS]
    standing_traces = [standing(metres, TRAINING_SEED)[:20_000] for metres in STANDS_M]

    def scored(make: Make) -> tuple[float, float]:
        estimate, scores = by_distance(make), []
        for world in traces:
            tally = Tally()
            for trace in world:
                tally.add(estimate(trace))
            scores.append(tally.score())
        # only a part of the two hours, so the rate is scaled up
        standing_rates = [2 * changes_per_hour(estimate(trace)) for trace in standing_traces]
        return scores[0].s, robust(scores, standing_rates)

    draw = random.Random(TRAINING_SEED)
    for name, make in PEERS.items():
        s, sr = scored(make)
        best = 2.0
        figures: dict[str, float] = {}
        print(f"{name}: defaults S {s:.2f} SR {sr:.2f}", flush=True)
        for attempt in range(TRIES):
            near = attempt > TRIES // 2 and figures
            trial = {
                key: min(high, max(low, draw.gauss(figures[key], (high - low) / 10)))
                if near
                else draw.uniform(low, high)
                for key, (low, high) in RANGES[name].items()
            }
            tried = scored(partial(make, **trial))
            if (judged := tried[0] / s + tried[1] / sr) < best:
                best, figures = judged, trial
        print(f'    "{name}": { ({key: round(value, 2) for key, value in figures.items()}) },', flush=True)
