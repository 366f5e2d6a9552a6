"""A simulated month without people: no false alarm, and no decision changed by a stalled scan."""

import secrets

from tests.unit.beacon_gateway.presence.month import run_unattended
from tests.unit.beacon_gateway.presence.test_month import LONGEST_PAUSE_S, check


def test_a_month_without_a_false_alarm() -> None:
    seed = secrets.randbelow(10**9)
    alarms = run_unattended(30 * 24 * 3600.0, longest_pause_s=LONGEST_PAUSE_S, seed=seed)
    print(f"seed {seed}: {alarms.frames} frames, {alarms.pauses} hiccups")
    assert alarms.pauses > 3000
    check(alarms)
