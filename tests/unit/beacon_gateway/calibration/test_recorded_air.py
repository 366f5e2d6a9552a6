"""Test the fit against recorded walks with true positions (tests/captures/air)."""

import csv
import gzip
from collections import defaultdict
from statistics import fmean

from beacon_gateway.calibration.fit import fit_hall
from beacon_gateway.calibration.measurement import Frame, Measurement, Spot, SpotKind
from tests.paths import ROOT

WALKS = ROOT / "tests/captures/air/walks.csv.gz"
WINDOW_S = 4.0
MIN_FRAMES = 5


def read_windows() -> dict[str, list[Measurement]]:
    """Return what each receiver heard in each four seconds, nearest first: the beacon moves little meanwhile."""
    rows = defaultdict(list)
    with gzip.open(WALKS, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at = float(row["t_s"])
            rows[row["receiver"], row["walk"], at // WINDOW_S].append(
                (Frame(at, int(row["rssi_dbm"]), "hci0"), float(row["true_distance_m"]))
            )
    windows = defaultdict(list)
    for (receiver, _, window), heard in rows.items():
        if len(heard) >= MIN_FRAMES:
            spot = Spot(SpotKind.reference, fmean(metres for _, metres in heard))
            frames = tuple(frame for frame, _ in heard)
            windows[receiver].append(Measurement(spot, window * WINDOW_S, WINDOW_S, frames))
    return {receiver: sorted(found, key=lambda each: each.spot.metres) for receiver, found in windows.items()}


def test_three_spots_of_a_recorded_hall_predict_the_level_elsewhere_within_the_stated_confidence() -> None:
    inside = total = 0
    for windows in read_windows().values():
        for turn in range(10):  # three spots as of a walk: near, in the middle and far
            places = (turn % 5, len(windows) // 2 + turn, len(windows) - 1 - turn)
            fit = fit_hall([windows[place] for place in places])
            assert 1.0 <= fit.exponent.value <= 3.2
            for number, window in enumerate(windows):
                level = window.levels().get("hci0")
                if number not in places and level is not None:
                    metres = window.spot.metres
                    inside += abs(level.dbm - fit.level_dbm(metres)) <= fit.level_within_db(metres)
                    total += 1
    assert total > 3000
    assert inside >= 0.9 * total
