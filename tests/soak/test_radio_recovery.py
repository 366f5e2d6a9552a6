"""The time from the end of each radio disturbance on real BlueZ until the beacon is received again.

SOAK_RADIO_ROUNDS (default 1): how often each is tried with each duration of its cause. Judged are seconds of the lab's
own: those in which it could have run and the machine did something else are taken off (tests/radio/lab/README.md).
"""

import json
import os
from collections import defaultdict
from pathlib import Path
from statistics import median

from tests.paths import ROOT
from tests.radio.disturbances import BACK_S, EXIT_S, LOST_S
from tests.radio.lab_boot import run_script
from tests.radio.recovery_times import ALL, LOST, Row
from tests.radio.starvation import read_starvation

ROUNDS = int(os.environ.get("SOAK_RADIO_ROUNDS", "1"))
LASTS_S = (0.5, 15.0)
"""A hiccup shorter than the exit period, and a fault so long that waits had time to grow."""
ROUND_S = 600.0


def test_the_radio_recovers_in_time_after_each_disturbance(tmp_path: Path) -> None:
    script, file = ROOT / "tests/radio/recovery_times.py", tmp_path / "rows"
    words = ["--rounds", str(ROUNDS), "--lasts", *(f"{each:g}" for each in LASTS_S)]
    outcome = run_script(script, str(file), *words, limit_s=ROUNDS * ROUND_S, share=tmp_path)
    assert outcome.status == 0, outcome.output
    starved = read_starvation(tmp_path / "starved.log")
    rows = [Row(**json.loads(line)) for line in file.read_text().splitlines()]
    took: dict[tuple[str, float], list[float]] = defaultdict(list)
    clock: dict[tuple[str, float], float] = defaultdict(float)
    for row in rows:
        seconds, key = row.again - row.ended, (row.name, row.for_s)
        took[key].append(max(0.0, seconds - starved.between(row.ended, row.again)))
        clock[key] = max(clock[key], seconds)
    print(f"\n{'disturbance':32} {'lasts':>5} {'times':>5} {'median':>6} {'worst':>6} {'worst by the clock':>18}")
    for (name, for_s), each in sorted(took.items()):
        worst = f"{max(each):6.2f} {clock[name, for_s]:18.2f}"
        print(f"{name:32} {for_s:5g} {len(each):5} {median(each):6.2f} {worst}")
    short = [row for row in rows if row.silent_s < EXIT_S]
    print(f"{len(short)} of {len(rows)} silences were shorter than the exit period")
    assert {row.name for row in rows} == set(ALL)
    late = {key: max(each) for key, each in took.items() if max(each) > (LOST_S if key[0] == LOST else BACK_S)}
    assert not late
    assert not [row for row in short if row.changed]
