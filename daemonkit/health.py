"""What each stage is doing, for /healthz and for the watchdog."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class StageState(StrEnum):
    running = "running"
    waiting = "waiting"
    """Failed, and about to start again."""
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
    """Progress is not success: a sync that finds its server down goes round its loop all the same.

    A stage is watched from its first `progress` on; one that never reports is not.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stages: dict[str, _Stage] = {}

    def progress(self, stage: str) -> None:
        """I went round my loop, with or without success."""
        entry = self._stages.get(stage) or self._enter(stage, StageState.running)
        entry.reports = True
        entry.alive_at = self._clock()

    def started(self, stage: str) -> None:
        self._enter(stage, StageState.running)

    def waiting(self, stage: str, error: str, seconds: float) -> None:
        """The stage failed with `error` (a word) and starts again in `seconds`."""
        entry = self._enter(stage, StageState.waiting)
        entry.alive_at += seconds
        entry.restarts += 1
        entry.error = error

    def ended(self, stage: str) -> None:
        self._enter(stage, StageState.ended)

    def stalled(self, limit_s: float) -> tuple[str, ...]:
        """The stages that have shown no progress for more than `limit_s` seconds."""
        now = self._clock()
        return tuple(
            name
            for name, stage in self._stages.items()
            if stage.reports and stage.state is not StageState.ended and now - stage.alive_at > limit_s
        )

    def snapshot(self) -> dict[str, dict[str, str | int | float | None]]:
        """JSON-able: what /healthz tells of each stage; times are in seconds ago."""
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
