"""Judge whether an adapter receives, from transmitters that are known to be on the air. Pure.

An empty hall and a deaf radio look the same. A known transmitter that becomes silent is a fault of a radio or of that
transmitter, never an empty hall.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from beacon_gateway.model.radio_status import HeardAdvert, LivenessStatus
from beacon_gateway.radio.timings import DEFAULT_TIMINGS, RadioTimings
from sync_contract.beacon_identity import BeaconId

MEASURED_S, MEASURED_ADVERTS, MIN_MEASURED = 60.0, 64, 5
"""The rate of an advert is measured from its last ones, of this many seconds."""


@dataclass(frozen=True, slots=True)
class Transmitter:
    """A transmitter that is known to be on the air.

    `due_since(adapter)`: monotonic seconds since which that adapter should receive it; None while it should not: our
    own advert is off, or this adapter sends it, as a radio does not receive itself. `renew`: send it again, where we
    can. `own`: it is our own advert.
    """

    beacon: BeaconId
    label: str
    due_since: Callable[[str], float | None] = lambda _adapter: 0.0
    interval_s: float = 1.0
    renew: Callable[[], None] = lambda: None
    own: bool = False


class LastHeard:
    """When a transmitter was received, in monotonic seconds. Set for each of its adverts."""

    __slots__ = ("times",)

    def __init__(self) -> None:
        self.times: deque[float] = deque(maxlen=MEASURED_ADVERTS)

    @property
    def at(self) -> float | None:
        """The last time; None: never."""
        return self.times[-1] if self.times else None

    @at.setter
    def at(self, at: float) -> None:
        self.times.append(at)

    def measure(self, adapter: str, now: float) -> HeardAdvert | None:
        """Return at what rate the adapter receives it; None if it does not, or only just began to."""
        recent = [at for at in self.times if now - MEASURED_S <= at <= now]
        if len(recent) < MIN_MEASURED or recent[-1] <= recent[0]:
            return None
        gaps = [later - earlier for earlier, later in pairwise(recent)]
        per_s = len(gaps) / (now - recent[0])
        return HeardAdvert(adapter, round(per_s, 1), round(1000 * median(gaps)))


class _ImpostorCheck:
    """Detect that an adapter receives an advert of ours while it cannot. Called about once a second."""

    __slots__ = ("_checks", "_found_at", "_heard_at", "_impossible_since", "_timings")

    def __init__(self, timings: RadioTimings) -> None:
        self._timings = timings
        self._impossible_since: float | None = None
        self._heard_at: float | None = None
        self._checks = 0
        self._found_at: float | None = None

    def check(self, now: float, heard_at: float | None, *, impossible: bool) -> bool:
        """Return whether another transmitter sends it. `heard_at`: monotonic seconds."""
        if not impossible:
            self._impossible_since = self._heard_at = self._found_at = None
            self._checks = 0
            return False
        since = self._impossible_since = now if self._impossible_since is None else self._impossible_since
        if heard_at is not None and heard_at != self._heard_at and heard_at - since >= self._timings.foreign_after_s:
            self._heard_at = heard_at
            self._checks += 1
            if self._checks >= self._timings.foreign_checks:
                self._found_at = now
        if heard_at is None or now - heard_at >= self._timings.foreign_for_s:
            self._checks = 0
        return self._found_at is not None and now - self._found_at < self._timings.foreign_for_s


class Liveness:
    """Known transmitters as one adapter receives them."""

    def __init__(self, transmitters: Iterable[Transmitter], timings: RadioTimings = DEFAULT_TIMINGS) -> None:
        self._timings = timings
        self._known = {transmitter.beacon: transmitter for transmitter in transmitters}
        self._heard = {beacon: LastHeard() for beacon in self._known}
        self._impostors = {beacon: _ImpostorCheck(timings) for beacon, each in self._known.items() if each.own}
        self.foreign: frozenset[BeaconId] = frozenset()
        """Our own adverts that another transmitter sends, as of the last judgement."""
        self._tested_since: float | None = None

    def last_heard(self, beacon: BeaconId) -> LastHeard | None:
        """Return where to store the time of its adverts; None if it is no known transmitter."""
        return self._heard.get(beacon)

    def record(self, beacon: BeaconId, at: float) -> None:
        if (heard := self.last_heard(beacon)) is not None:
            heard.at = at

    @property
    def ever_heard(self) -> frozenset[str]:
        """Labels of the transmitters that were received at least once."""
        return frozenset(each.label for beacon, each in self._known.items() if self._heard[beacon].at is not None)

    def renew_missed(self, labels: Collection[str]) -> None:
        for transmitter in self._known.values():
            if transmitter.label in labels:
                transmitter.renew()

    def test_duration_s(self, adapter: str) -> float:
        """Return how long a scan must last to show that a transmitter is lost; 0 if none should be received."""
        due = (each for each in self._known.values() if each.due_since(adapter) is not None)
        return max(map(self._limit_s, due), default=0.0)

    def record_test(self, since: float) -> None:
        """Record a scan of `test_duration_s` that reported every advert since then: what it did not receive is lost."""
        self._tested_since = since

    def judge(
        self,
        adapter: str,
        now: float,
        *,
        reports_presence: bool = True,
        listens_since: float | None = None,
        heard_elsewhere: Collection[str] = (),
    ) -> LivenessStatus:
        """Return what the transmitters prove. Call it about once a second.

        `reports_presence`: False for a scan that reports changes only; its silence proves no loss, a self-test does.
        `listens_since`: since when the scan works, None while it does not; a transmitter that was never received is
        missed from then on, unless another adapter receives it (`heard_elsewhere`: labels).
        """
        by, lost, pending, never, foreign, expected = [], [], [], [], set[BeaconId](), 0
        for beacon, transmitter in self._known.items():
            label, heard = transmitter.label, self._heard[beacon].at
            since = transmitter.due_since(adapter)
            impostor = self._impostors.get(beacon)
            if impostor is not None and impostor.check(now, heard, impossible=since is None):
                foreign.add(beacon)
            if since is None:
                continue
            expected += 1
            limit_s = self._limit_s(transmitter)
            if heard is None:
                began = None if listens_since is None else max(since, listens_since)
                never_after_s = max(self._timings.never_after_s, limit_s)
                if began is not None and now - began >= never_after_s and label not in heard_elsewhere:
                    never.append(label)
            elif now - heard < limit_s:
                by.append(label)
            elif now - since >= limit_s and (reports_presence or self._missed_in_test(heard, since)):
                lost.append(label)
            else:
                pending.append(label)
        self.foreign = frozenset(foreign)
        labels = tuple(each.label for beacon, each in self._known.items() if beacon in foreign)
        own = frozenset(each.label for each in self._known.values() if each.own)
        return LivenessStatus(tuple(by), tuple(lost), expected, tuple(pending), tuple(never), labels, own)

    def _missed_in_test(self, heard: float, due_since: float) -> bool:
        return self._tested_since is not None and max(heard, due_since) <= self._tested_since

    def _limit_s(self, transmitter: Transmitter) -> float:
        return max(self._timings.lost_after_s, self._timings.lost_intervals * transmitter.interval_s)


def merge_liveness(statuses: Iterable[LivenessStatus]) -> LivenessStatus:
    """Return the status of all adapters together: what one of them receives is not lost."""
    each = tuple(statuses)
    by = _labels(status.by for status in each)
    lost = tuple(label for label in _labels(status.lost for status in each) if label not in by)
    pending = tuple(label for label in _labels(status.pending for status in each) if label not in by + lost)
    never = tuple(label for label in _labels(status.never for status in each) if label not in by + lost + pending)
    foreign = _labels(status.foreign for status in each)
    own = frozenset(label for status in each for label in status.own)
    return LivenessStatus(by, lost, max((s.expected for s in each), default=0), pending, never, foreign, own)


def _labels(groups: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for labels in groups for label in labels))
