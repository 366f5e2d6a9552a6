"""Whether an adapter can be proved to hear: only a transmitter that is known to be on the air can tell. Pure.

An empty hall and a deaf radio sound the same. A known transmitter that falls silent is a fault of a radio (or of its
battery), never an empty hall.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sync_contract.beacon_identity import BeaconId

LOST_AFTER_S = 12.0
"""Noticed within 15 s, looked at once a second. At one advert a second, 20 % of them lost, twelve in a row are lost
once in 200 million."""
INTERVALS = 4
"""An own advert that is sent seldom is waited for this many intervals, if that is longer."""
NEVER_AFTER_S = 90.0
"""Of a scan that works: a known transmitter that was not heard once in so long is missed. It may not even be there."""
FOREIGN_AFTER_S = 30.0
"""An own advert that cannot be heard (it is off, or this adapter sends it) and is heard after so long is not ours:
adverts that were under way, and an advertiser that learns late what BlueZ did, are over by then."""
FOREIGN_LOOKS = 5
"""It was heard anew at so many looks: one second apart, as recovery looks."""
FOREIGN_FOR_S = 60.0
"""And is believed for so long after the last one."""


class Proof(StrEnum):
    proved = "proved"
    lost = "lost"
    not_proved = "not_proved"


@dataclass(frozen=True, slots=True)
class Transmitter:
    """A transmitter that is known to be on the air.

    `due_since`: monotonic seconds since which the named adapter should hear it; None while it should not (our own
    advert is off, or this adapter sends it: a radio does not hear itself). `own`: it is our own advert.
    """

    beacon: BeaconId
    label: str
    due_since: Callable[[str], float | None] = lambda _adapter: 0.0
    interval_s: float = 1.0
    renew: Callable[[], None] = lambda: None
    """Have it sent anew, where that is in our hands."""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`by`: labels heard just now; `lost`: labels heard before, and not now; `due`: how many should be heard.

    `waited`: heard before, and nothing can tell just now whether they are still there; `never`: not heard once, though
    the scan has worked for long enough; `foreign`: adverts of ours that another transmitter sends; `own`: which of all
    these labels are adverts of ours.
    """

    by: tuple[str, ...]
    lost: tuple[str, ...]
    due: int
    waited: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()

    @property
    def proof(self) -> Proof:
        return Proof.proved if self.by else Proof.lost if self.lost else Proof.not_proved

    def describe(self) -> dict[str, object]:
        return {
            "proof": self.proof,
            "by": list(self.by),
            "lost": list(self.lost),
            "never": list(self.never),
            "foreign": list(self.foreign),
        }


class Heard:
    """When a transmitter was last heard, monotonic seconds; None: never. Set for each of its adverts."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at: float | None = None


class _Impostor:
    """Whether an advert of ours is heard by one adapter while it cannot be. Looked at about once a second."""

    __slots__ = ("_heard_at", "_looks", "_seen_at", "_since")

    def __init__(self) -> None:
        self._since: float | None = None
        """Since when it cannot be heard; None: it can."""
        self._heard_at: float | None = None
        self._looks = 0
        self._seen_at: float | None = None

    def look(self, now: float, heard_at: float | None, *, impossible: bool) -> bool:
        """`heard_at`: monotonic seconds. Whether another transmitter is known to send it."""
        if not impossible:
            self._since = self._heard_at = self._seen_at = None
            self._looks = 0
            return False
        if self._since is None:
            self._since = now
        if heard_at is not None and heard_at != self._heard_at and heard_at - self._since >= FOREIGN_AFTER_S:
            self._heard_at = heard_at
            self._looks += 1
            if self._looks >= FOREIGN_LOOKS:
                self._seen_at = now
        if heard_at is None or now - heard_at >= FOREIGN_FOR_S:
            self._looks = 0
        return self._seen_at is not None and now - self._seen_at < FOREIGN_FOR_S


class Liveness:
    """Of one adapter."""

    def __init__(self, transmitters: Iterable[Transmitter]) -> None:
        self._known = {transmitter.beacon: transmitter for transmitter in transmitters}
        self._heard = {beacon: Heard() for beacon in self._known}
        self._impostors = {beacon: _Impostor() for beacon, each in self._known.items() if each.own}
        self.foreign: frozenset[BeaconId] = frozenset()
        """Adverts of ours that another transmitter sends, as judged last."""
        self._tested_since: float | None = None
        """When the last self-test began."""

    def of(self, beacon: BeaconId) -> Heard | None:
        """Where its adverts are to be noted; None when it proves nothing."""
        return self._heard.get(beacon)

    def heard(self, beacon: BeaconId, at: float) -> None:
        if (heard := self.of(beacon)) is not None:
            heard.at = at

    @property
    def ever_heard(self) -> frozenset[str]:
        """Labels of those that were heard once."""
        return frozenset(each.label for beacon, each in self._known.items() if self._heard[beacon].at is not None)

    def renew_missed(self, labels: Iterable[str]) -> None:
        for transmitter in self._known.values():
            if transmitter.label in labels:
                transmitter.renew()

    def limit_s(self, adapter: str) -> float:
        """So long a scan has to last to tell that those which `adapter` should hear are not there; 0 without any."""
        due = (each for each in self._known.values() if each.due_since(adapter) is not None)
        return max(map(_limit_s, due), default=0.0)

    def tested(self, since: float) -> None:
        """From `since` (monotonic seconds) a scan told every advert for `limit_s`: what it did not hear is lost."""
        self._tested_since = since

    def judge(
        self,
        adapter: str,
        now: float,
        *,
        tells_presence: bool = True,
        listens_since: float | None = None,
        elsewhere: Collection[str] = (),
    ) -> Verdict:
        """`tells_presence`: False for a scan that tells only changes: its silence proves no loss, a self-test does.

        `listens_since`: since when the scan has worked, None while it does not; what was never heard is missed from
        then on, unless another adapter hears it: `elsewhere`, by label. Call it about once a second.
        """
        by, lost, waited, never, foreign, due = [], [], [], [], set[BeaconId](), 0
        for beacon, transmitter in self._known.items():
            label, heard = transmitter.label, self._heard[beacon].at
            since = transmitter.due_since(adapter)
            impostor = self._impostors.get(beacon)
            if impostor is not None and impostor.look(now, heard, impossible=since is None):
                foreign.add(beacon)
            if since is None:
                continue
            due += 1
            limit_s = _limit_s(transmitter)
            if heard is None:
                began = None if listens_since is None else max(since, listens_since)
                if began is not None and now - began >= max(NEVER_AFTER_S, limit_s) and label not in elsewhere:
                    never.append(label)
            elif now - heard < limit_s:
                by.append(label)
            elif now - since >= limit_s and (tells_presence or self._missed_in_test(heard, since)):
                lost.append(label)
            else:
                waited.append(label)
        self.foreign = frozenset(foreign)
        labels = tuple(each.label for beacon, each in self._known.items() if beacon in foreign)
        own = frozenset(each.label for each in self._known.values() if each.own)
        return Verdict(tuple(by), tuple(lost), due, tuple(waited), tuple(never), labels, own)

    def _missed_in_test(self, heard: float, due_since: float) -> bool:
        return self._tested_since is not None and max(heard, due_since) <= self._tested_since


def _limit_s(transmitter: Transmitter) -> float:
    return max(LOST_AFTER_S, INTERVALS * transmitter.interval_s)


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """Of all adapters together: what one of them hears is not lost, and was heard once."""
    each = tuple(verdicts)
    by = _labels(verdict.by for verdict in each)
    lost = tuple(label for label in _labels(verdict.lost for verdict in each) if label not in by)
    waited = tuple(label for label in _labels(verdict.waited for verdict in each) if label not in by + lost)
    never = tuple(label for label in _labels(verdict.never for verdict in each) if label not in by + lost + waited)
    foreign = _labels(verdict.foreign for verdict in each)
    own = frozenset(label for verdict in each for label in verdict.own)
    return Verdict(by, lost, max((verdict.due for verdict in each), default=0), waited, never, foreign, own)


def _labels(each: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for labels in each for label in labels))
