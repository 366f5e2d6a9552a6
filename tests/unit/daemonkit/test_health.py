"""The states of stages, and stalled ones."""

import json

from daemonkit.health import Health


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_stage_is_watched_after_its_first_progress() -> None:
    clock = Clock()
    health = Health(clock)
    health.started("radio")
    clock.now += 500
    assert health.stalled(90) == ()
    health.progress("radio")
    clock.now += 90
    assert health.stalled(90) == ()
    clock.now += 1
    assert health.stalled(90) == ("radio",)
    health.progress("radio")
    assert health.stalled(90) == ()


def test_the_wait_before_a_restart_is_no_stall() -> None:
    clock = Clock()
    health = Health(clock)
    health.progress("sync")
    health.waiting("sync", "CentralUnreachable", 60)
    clock.now += 149
    assert health.stalled(90) == ()
    clock.now += 2
    assert health.stalled(90) == ("sync",)


def test_a_stage_that_has_ended_is_not_watched() -> None:
    clock = Clock()
    health = Health(clock)
    health.progress("once")
    health.ended("once")
    clock.now += 1000
    assert health.stalled(90) == ()


def test_the_snapshot_is_json() -> None:
    clock = Clock()
    health = Health(clock)
    health.progress("sync")
    health.waiting("sync", "CentralUnreachable", 0)
    health.started("sync")
    clock.now += 2.5
    assert json.loads(json.dumps(health.snapshot())) == {
        "sync": {
            "state": "running",
            "for_s": 2.5,
            "progress_s_ago": 2.5,
            "restarts": 1,
            "error": "CentralUnreachable",
        }
    }
