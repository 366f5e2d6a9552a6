"""A simulated month at a site that is left to itself: no false alarm, no decision changed by a hiccup."""

import secrets

from tests.unit.beacon_gateway.presence.month import left_alone
from tests.unit.beacon_gateway.presence.test_month import LONGEST_HICCUP_S, check


def test_a_month_without_a_false_alarm() -> None:
    seed = secrets.randbelow(10**9)
    alarms = left_alone(30 * 24 * 3600.0, longest_hiccup_s=LONGEST_HICCUP_S, seed=seed)
    print(f"seed {seed}: {alarms.frames} frames, {alarms.hiccups} hiccups")
    assert alarms.hiccups > 3000
    check(alarms)
