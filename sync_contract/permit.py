"""The permit rule: a project has a donate button only while its permit is valid.

It is checked at display, at intent and at attempt.

Public fundraising needs a qualified organisation (Charity Law of the PRC, art. 22), a plan filed beforehand
and its dates and area; outside them a project is shown as information only.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import StringConstraints, model_validator

from sync_contract.entered_date import EnteredDate
from sync_contract.strict_model import Record

OFFICIAL_TIME = ZoneInfo("Asia/Shanghai")
Text = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class Permit(Record):
    """Who may raise money for a project, with which papers, where and when (both days included)."""

    organisation: Text
    certificate: Text
    certificate_until: EnteredDate
    filing: Text
    area: Text
    opens: EnteredDate
    closes: EnteredDate

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.closes < self.opens:
            raise ValueError("closes: 早于 opens is before opens")
        return self


class PermitReason(StrEnum):
    holds = "holds"
    missing = "missing"
    not_yet_open = "not_yet_open"
    closed = "closed"
    certificate_expired = "certificate_expired"
    time_uncertain = "time_uncertain"
    barred = "barred"
    """The central server does not accept this gateway: its tickets would not work, whatever the permit is."""
    elsewhere = "elsewhere"
    """The organisation takes no gifts on this server: it neither declared the server's pages as its own
    site, nor is its page on a designated platform known."""


@dataclass(frozen=True, slots=True)
class PermitJudgement:
    reason: PermitReason

    @property
    def open(self) -> bool:
        """Return whether a donate button may be shown, an intent recorded and an attempt opened."""
        return self.reason is PermitReason.holds


def judge(permit: Permit | None, at: datetime | None) -> PermitJudgement:
    """Judge a permit at an aware time. `None`: the time is uncertain, so the project is information only."""
    if permit is None:
        return PermitJudgement(PermitReason.missing)
    if at is None:
        return PermitJudgement(PermitReason.time_uncertain)
    today = at.astimezone(OFFICIAL_TIME).date()
    if today < permit.opens:
        return PermitJudgement(PermitReason.not_yet_open)
    if today > permit.closes:
        return PermitJudgement(PermitReason.closed)
    if today > permit.certificate_until:
        return PermitJudgement(PermitReason.certificate_expired)
    return PermitJudgement(PermitReason.holds)
