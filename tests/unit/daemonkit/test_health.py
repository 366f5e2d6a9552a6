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


def test_a_background_stage_is_degraded_and_never_stalled() -> None:
    clock = Clock()
    health = Health(clock)
    for name in ("figures", "donors"):
        health.started(name, background=True)
    health.waiting("figures", "StoreUnavailable", 1)
    assert health.degraded(30) == (), "an expected error"
    health.progress("figures")
    clock.now += 31
    assert (health.stalled(30), health.degraded(30)) == ((), ("figures",))
    for name in ("figures", "donors"):
        health.waiting(name, "KeyError", 1, expected=False)
        health.started(name, background=True)
    assert health.degraded(30) == ("figures", "donors")
    health.progress("figures")
    assert health.degraded(30) == ("donors",)
    clock.now += 30
    health.progress("figures")
    clock.now += 1
    assert health.degraded(30) == (), "a stage without progress reports has run for long enough"


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
