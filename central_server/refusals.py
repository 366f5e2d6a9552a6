"""What was turned away at the door without changing anything: counted for /healthz, logged once each."""

from collections import Counter

import structlog

_log = structlog.get_logger()


class Refusals:
    """Since this process started."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, what: str, word: str, reason: str) -> None:
        """`what`: ticket, notification or request. `word`: why, one of a few."""
        self._counts[what, word] += 1
        _log.warning("request.refused", what=what, word=word, reason=reason)

    def snapshot(self) -> dict[str, int]:
        return {f"{what}.{word}": times for (what, word), times in sorted(self._counts.items())}
