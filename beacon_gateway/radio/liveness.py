"""Whether an adapter can be proved to hear: only a transmitter that is known to be on the air can tell. Pure.

An empty hall and a deaf radio sound the same. A known transmitter that falls silent is a fault of a radio (or of its
battery), never an empty hall.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from sync_contract.beacon import BeaconId

LOST_AFTER_S = 12.0
"""Noticed within 15 s, looked at once a second. At one advert a second, 20 % of them lost, twelve in a row are lost
once in 200 million."""
INTERVALS = 4
"""An own advert that is sent seldom is waited for this many intervals, if that is longer."""


class Proof(StrEnum):
    proved = "proved"
    lost = "lost"
    not_proved = "not_proved"


@dataclass(frozen=True, slots=True)
class Transmitter:
    """A transmitter that is known to be on the air.

    `due_since`: monotonic seconds since which the named adapter should hear it; None while it should not (our own
    advert is off, or this adapter sends it: a radio does not hear itself).
    """

    beacon: BeaconId
    label: str
    due_since: Callable[[str], float | None] = lambda _adapter: 0.0
    interval_s: float = 1.0
    renew: Callable[[], None] = lambda: None
    """Have it sent anew, where that is in our hands."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`by`: labels heard just now; `lost`: labels heard before, and not now; `due`: how many should be heard."""

    by: tuple[str, ...]
    lost: tuple[str, ...]
    due: int

    @property
    def proof(self) -> Proof:
        return Proof.proved if self.by else Proof.lost if self.lost else Proof.not_proved

    def describe(self) -> dict[str, object]:
        return {"proof": self.proof, "by": list(self.by), "lost": list(self.lost)}


class Heard:
    """When a transmitter was last heard, monotonic seconds; None: never. Set for each of its adverts."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at: float | None = None


class Liveness:
    """Of one adapter."""

    def __init__(self, transmitters: Iterable[Transmitter]) -> None:
        self._known = {transmitter.beacon: transmitter for transmitter in transmitters}
        self._heard = {beacon: Heard() for beacon in self._known}

    def of(self, beacon: BeaconId) -> Heard | None:
        """Where its adverts are to be noted; None when it proves nothing."""
        return self._heard.get(beacon)

    def heard(self, beacon: BeaconId, at: float) -> None:
        if (heard := self.of(beacon)) is not None:
            heard.at = at

    def renew_lost(self, labels: Iterable[str]) -> None:
        for transmitter in self._known.values():
            if transmitter.label in labels:
                transmitter.renew()

    def judge(self, adapter: str, now: float, *, tells_presence: bool = True) -> Verdict:
        """`tells_presence`: False for a scan that tells only changes: its silence proves no loss."""
        by, lost, due = [], [], 0
        for transmitter in self._known.values():
            since = transmitter.due_since(adapter)
            if since is None:
                continue
            due += 1
            heard = self._heard[transmitter.beacon].at
            if heard is None:
                continue
            limit_s = max(LOST_AFTER_S, INTERVALS * transmitter.interval_s)
            if now - heard < limit_s:
                by.append(transmitter.label)
            elif tells_presence and now - since >= limit_s:
                lost.append(transmitter.label)
        return Verdict(tuple(by), tuple(lost), due)


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """Of all adapters together: what one of them hears is not lost."""
    each = tuple(verdicts)
    by = tuple(dict.fromkeys(label for verdict in each for label in verdict.by))
    lost = tuple(dict.fromkeys(label for verdict in each for label in verdict.lost if label not in by))
    return Verdict(by, lost, max((verdict.due for verdict in each), default=0))
