"""In which state an adapter's scan is and since when, and why it was begun anew. Monotonic seconds."""

from collections import Counter
from time import monotonic

import structlog

log = structlog.get_logger()


class ScanState:
    """`name`: starting, listening, refused, off, no_adapter, no_answer."""

    def __init__(self) -> None:
        self.name = "starting"
        self.since = monotonic()
        self.listens_since: float | None = None
        """Since when scans have worked; one that gives way to the next does not end it."""
        self.rebuilds: Counter[str] = Counter()
        self.last_why: str | None = None

    def enter(self, name: str, adapter: str) -> None:
        if name == self.name:
            return
        log.debug("scanner.state", state=name, adapter=adapter)
        self.name, self.since = name, monotonic()
        if name == "listening":
            self.listens_since = self.listens_since or self.since
        elif name != "starting":
            self.listens_since = None

    def renewed(self, why: str, adapter: str) -> None:
        self.rebuilds[why] += 1
        if why != self.last_why:  # a quiet site renews its scan for ever: said once
            log.info("scanner.renewed", why=why, adapter=adapter)
        self.last_why = why

    def told(self, quiet_s: float | None, silence_s: float) -> str:
        """With what was heard: hearing, or silent, instead of listening. `quiet_s`: since the last advert; None: never.

        `silence_s`: so long without any renews the scan.
        """
        if self.name != "listening":
            return self.name
        if quiet_s is not None and quiet_s < silence_s:
            return "hearing"
        return "silent" if self.last_why == "silence" else "listening"
