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
    reports: bool = False
    restarts: int = 0
    error: str = ""


class Health:
    """Progress is not success: a sync stage whose server is down still makes progress.

    A stage is watched after its first call of `progress`; one that never calls it is not watched.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stages: dict[str, _Stage] = {}

    def progress(self, stage: str) -> None:
        """Record that the stage completed a round, with or without success."""
        entry = self._stages.get(stage) or self._enter(stage, StageState.running)
        entry.reports = True
        entry.alive_at = self._clock()

    def started(self, stage: str) -> None:
        self._enter(stage, StageState.running)

    def waiting(self, stage: str, error: str, seconds: float) -> None:
        """Record that the stage failed with `error` (a word) and starts again in `seconds`."""
        entry = self._enter(stage, StageState.waiting)
        entry.alive_at += seconds
        entry.restarts += 1
        entry.error = error

    def ended(self, stage: str) -> None:
        self._enter(stage, StageState.ended)

    def stalled(self, limit_s: float) -> tuple[str, ...]:
        """Return the stages without progress for more than `limit_s` seconds."""
        now = self._clock()
        return tuple(
            name
            for name, stage in self._stages.items()
            if stage.reports and stage.state is not StageState.ended and now - stage.alive_at > limit_s
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

    def _enter(self, name: str, state: StageState) -> _Stage:
        now = self._clock()
        entry = self._stages.setdefault(name, _Stage(state, now, now))
        entry.state, entry.since, entry.alive_at = state, now, now
        return entry
