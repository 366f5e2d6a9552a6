"""The state of each stage, for /healthz and the watchdog."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class StageState(StrEnum):
    running = "running"
    waiting = "waiting"
    """Failed; starts again after a wait."""
    ended = "ended"


@dataclass(slots=True)
class _Stage:
    state: StageState
    since: float
    alive_at: float
    background: bool = False
    failed: bool = False
    reports: bool = False
    restarts: int = 0
    error: str = ""


class Health:
    """Progress is not success: a sync stage whose server is down still makes progress.

    A stage is watched after its first call of `progress`; one that never calls it is not watched. An essential stage
    without progress is stalled: the watchdog ends the process. A background stage in trouble is degraded.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stages: dict[str, _Stage] = {}

    def progress(self, stage: str) -> None:
        """Record that the stage completed a round, with or without success."""
        entry = self._stages.get(stage) or self._enter(stage, StageState.running)
        entry.reports, entry.failed = True, False
        entry.alive_at = self._clock()

    def started(self, stage: str, *, background: bool = False) -> None:
        self._enter(stage, StageState.running).background = background

    def waiting(self, stage: str, error: str, seconds: float, *, expected: bool = True) -> None:
        """Record that the stage failed with `error` (a word) and starts again in `seconds`."""
        entry = self._enter(stage, StageState.waiting)
        entry.alive_at += seconds
        entry.restarts += 1
        entry.error, entry.failed = error, entry.failed or not expected

    def ended(self, stage: str) -> None:
        self._enter(stage, StageState.ended)

    def stalled(self, limit_s: float) -> tuple[str, ...]:
        """Return the essential stages without progress for more than `limit_s` seconds."""
        return tuple(
            name for name, stage in self._stages.items() if not stage.background and self._is_stalled(stage, limit_s)
        )

    def degraded(self, limit_s: float) -> tuple[str, ...]:
        """Return the background stages that failed unexpectedly or make no progress for more than `limit_s` seconds.

        A stage that reports no progress has recovered when it runs longer than that.
        """
        return tuple(
            name
            for name, stage in self._stages.items()
            if stage.background
            and (self._is_stalled(stage, limit_s) or (stage.failed and not self._has_recovered(stage, limit_s)))
        )

    def snapshot(self) -> dict[str, dict[str, str | int | float | None]]:
        """Return the facts of each stage for JSON; times are in seconds ago."""
        now = self._clock()
        return {
            name: {
                "state": stage.state.value,
                "for_s": round(now - stage.since, 1),
                "progress_s_ago": round(max(0.0, now - stage.alive_at), 1) if stage.reports else None,
                "restarts": stage.restarts,
                "error": stage.error,
            }
            for name, stage in self._stages.items()
        }

    def _is_stalled(self, stage: _Stage, limit_s: float) -> bool:
        return stage.reports and stage.state is not StageState.ended and self._clock() - stage.alive_at > limit_s

    def _has_recovered(self, stage: _Stage, limit_s: float) -> bool:
        return not stage.reports and stage.state is StageState.running and self._clock() - stage.since > limit_s

    def _enter(self, name: str, state: StageState) -> _Stage:
        now = self._clock()
        entry = self._stages.setdefault(name, _Stage(state, now, now))
        entry.state, entry.since, entry.alive_at = state, now, now
        return entry
