"""Limit repeated log events, and count the suppressed ones."""

import logging
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

_WINDOW_S = 10.0
_MAX_PER_WINDOW = 20
_MAX_NAMES = 500


class Repeats:
    """Passes at most 20 events of one name, level and stage in 10 s; the next one has the count `left_out`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, ...], tuple[float, int]] = {}

    def __call__(self, _logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        left_out = self._count((method, str(event.get("event")), str(event.get("stage", ""))))
        if left_out is None:
            raise structlog.DropEvent
        if left_out:
            event["left_out"] = left_out
        return event

    def allows(self, record: logging.LogRecord) -> bool:
        """Filter a standard library record by logger, level and unformatted message."""
        left_out = self._count((record.name, record.levelname, str(record.msg)))
        if left_out:
            record.left_out = left_out
        return left_out is not None

    def _count(self, name: tuple[str, ...]) -> int | None:
        """Return None to suppress this one; otherwise the number suppressed before it."""
        now = self._clock()
        since, count = self._seen.get(name, (now, 0))
        if now - since >= _WINDOW_S:
            left_out = max(0, count - _MAX_PER_WINDOW)
            self._seen[name] = (now, 1)
            return left_out
        if len(self._seen) >= _MAX_NAMES:
            self._seen.clear()
        self._seen[name] = (since, count + 1)
        return None if count >= _MAX_PER_WINDOW else 0
