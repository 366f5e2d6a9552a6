"""Limit one-time codes: how often one is sent to a number, and when one is accepted."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

DIGITS = 6
VALID = timedelta(minutes=10)
MAX_TRIES = 5
PAUSE = timedelta(minutes=1)
MAX_A_DAY = 10
A_DAY = timedelta(hours=24)


class CodeProblem(StrEnum):
    too_soon = "too_soon"
    """Another code was sent within `PAUSE`."""
    too_many = "too_many"
    """`MAX_A_DAY` codes were sent within 24 hours."""
    busy = "busy"
    """The server sent as many codes in this hour as it may."""
    wrong = "wrong"
    ended = "ended"
    """It is older than `VALID`, was used, was replaced by a newer one, or was tried `MAX_TRIES` times."""


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """`tries`: wrong ones so far. `ended`: it was used or replaced."""

    sent_at: datetime
    tries: int
    ended: bool


def may_send(sent_at: Sequence[datetime], now: datetime) -> CodeProblem | None:
    """Return why no code may be sent now. `sent_at`: of this number's codes within 24 hours."""
    recent = [at for at in sent_at if at > now - A_DAY]
    if len(recent) >= MAX_A_DAY:
        return CodeProblem.too_many
    return CodeProblem.too_soon if any(at > now - PAUSE for at in recent) else None


def judge_code(issued: IssuedCode | None, *, matches: bool, now: datetime) -> CodeProblem | None:
    """Return why a typed code is not accepted, None if it is."""
    if issued is None or issued.ended or issued.tries >= MAX_TRIES or now >= issued.sent_at + VALID:
        return CodeProblem.ended
    return None if matches else CodeProblem.wrong


def read_code(typed: str) -> str:
    """Return the digits of a typed code; "" for other text."""
    digits = re.sub(r"\s", "", unicodedata.normalize("NFKC", typed[:40]))
    return digits if re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits) else ""
