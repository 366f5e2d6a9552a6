"""The rule by which the central server judges a check-in code: proof of place, a claim without proof, or refused.

The server judges by its own arrival time. The code's time comes from the nearest anchor of its boot: a reading whose
wall clock was synchronised. A code with a synchronised clock is an anchor itself. Who relays a code within `FRESH_FOR`
cannot be detected: the grade says how a place was proved, not that it is beyond doubt.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sync_contract.check_in_code import PERIOD, CheckInCode
from sync_contract.records import ClockReading
from sync_contract.strict_model import Environment

FRESH_FOR = timedelta(seconds=90)
"""From the begin of a code's period to its arrival: it is on the screen for 30 s, and 60 s are left to confirm."""
AHEAD_FOR = PERIOD
"""How much later than its arrival a code may be dated: two synchronised clocks differ by less."""
BURST_PERSONS = 12
"""People by one code from which the organiser sees a mark: about as many as can scan one screen within its period."""


class Evidence(StrEnum):
    """The grade of a check-in. Other grades, of organiser and paper, need no code."""

    screen = "screen"
    """A code of the screen in that hall."""
    claim = "claim"
    """The person's statement, without proof."""


class CheckInReason(StrEnum):
    in_time = "in_time"
    late = "late"
    ahead = "ahead"
    """The gateway's clock is ahead of the server's by more than `AHEAD_FOR`."""
    clock_unsure = "clock_unsure"
    """No synchronised clock in this boot, so far as the server knows."""
    key_not_valid = "key_not_valid"
    """The key was revoked or is not valid yet; a revoked gateway has no valid key."""
    other_environment = "other_environment"
    """A drill's code on the real server, or the reverse."""


_REFUSED = frozenset((CheckInReason.key_not_valid, CheckInReason.other_environment))


@dataclass(frozen=True, slots=True)
class KeyPeriod:
    """When the server accepts a key, by its own clock. `until`: the first time at which it does not; None: no end."""

    since: datetime
    until: datetime | None

    def contains(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class CheckInJudgement:
    """`age`: from the code's time to its arrival, negative when it is ahead; None: unknown."""

    reason: CheckInReason
    age: timedelta | None = None

    @property
    def evidence(self) -> Evidence | None:
        """The grade; None: refused, nothing may be recorded."""
        if self.reason in _REFUSED:
            return None
        return Evidence.screen if self.reason is CheckInReason.in_time else Evidence.claim


def judge(
    code: CheckInCode,
    *,
    key: KeyPeriod,
    anchors: Iterable[ClockReading],
    arrived_at: datetime,
    environment: Environment,
) -> CheckInJudgement:
    """Judge a code with a valid signature. `anchors`: readings of the gateway; `arrived_at`: by the server's clock."""
    if code.environment is not environment:
        return CheckInJudgement(CheckInReason.other_environment)
    if not key.contains(arrived_at):
        return CheckInJudgement(CheckInReason.key_not_valid)
    shown_at = code_time(code, anchors)
    if shown_at is None:
        return CheckInJudgement(CheckInReason.clock_unsure)
    age = arrived_at - shown_at
    if age > FRESH_FOR:
        return CheckInJudgement(CheckInReason.late, age)
    return CheckInJudgement(CheckInReason.ahead if age < -AHEAD_FOR else CheckInReason.in_time, age)


def code_time(code: CheckInCode, anchors: Iterable[ClockReading]) -> datetime | None:
    """Return when the code's period began, by the nearest anchor of its boot; None without one."""
    own = code.reading
    usable = [each for each in (own, *anchors) if each.boot == own.boot and each.reliable]
    if not usable:
        return None
    nearest = min(usable, key=lambda each: abs(each.monotonic_ns - own.monotonic_ns))
    try:
        return nearest.wall + timedelta(microseconds=(own.monotonic_ns - nearest.monotonic_ns) // 1000)
    except OverflowError:
        return None


def is_burst(persons: int) -> bool:
    """Return whether so many people by one code get a mark. A group may arrive together: nobody is refused."""
    return persons >= BURST_PERSONS
