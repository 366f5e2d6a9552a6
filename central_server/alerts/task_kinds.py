"""Define the tasks that wait for staff, and their kinds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from central_server.accounts.access import Right
from sync_contract.money import Money
from sync_contract.project import Texts


class TaskKind(StrEnum):
    """The most urgent first: lists and messages use this order."""

    bell = "bell"
    fork = "fork"
    wrong_signature = "wrong_signature"
    report_replayed = "report_replayed"
    code_used = "code_used"
    catalogue_older = "catalogue_older"
    catalogue_full = "catalogue_full"
    catalogue_number = "catalogue_number"
    catalogue_lost = "catalogue_lost"
    head_refused = "head_refused"
    shortfall = "shortfall"
    surplus = "surplus"
    late_payment = "late_payment"
    outside_permit = "outside_permit"
    second_assessment_late = "second_assessment_late"
    case_waiting = "case_waiting"
    help_unconfirmed = "help_unconfirmed"
    help_unanswered = "help_unanswered"
    refund_waiting = "refund_waiting"
    disbursement_waiting = "disbursement_waiting"
    evidence_waiting = "evidence_waiting"
    remittance_waiting = "remittance_waiting"
    refund_unanswered = "refund_unanswered"
    difference = "difference"
    permit_ends = "permit_ends"
    disclosure_due = "disclosure_due"
    credential_ends = "credential_ends"
    backup_missing = "backup_missing"
    stage_failing = "stage_failing"
    quarantined = "quarantined"
    receipt_due = "receipt_due"
    erasure_near = "erasure_near"
    conflict = "conflict"
    refused = "refused"
    lost = "lost"
    damaged = "damaged"
    deaf = "deaf"
    tag_silent = "tag_silent"
    advert_unheard = "advert_unheard"
    nothing_heard = "nothing_heard"
    low_battery = "low_battery"
    hall_changed = "hall_changed"
    off_air = "off_air"
    late = "late"
    awaited = "awaited"
    unknown_gateway = "unknown_gateway"
    revoked = "revoked"
    cloned_beacon = "cloned_beacon"
    identity_twice = "identity_twice"
    identity_wanted = "identity_wanted"
    advert_twice = "advert_twice"
    silent_beacon = "silent_beacon"


ABOUT_MONEY = frozenset(
    {
        TaskKind.shortfall,
        TaskKind.surplus,
        TaskKind.late_payment,
        TaskKind.outside_permit,
        TaskKind.refund_waiting,
        TaskKind.disbursement_waiting,
        TaskKind.evidence_waiting,
        TaskKind.remittance_waiting,
        TaskKind.refund_unanswered,
        TaskKind.difference,
        TaskKind.receipt_due,
        TaskKind.credential_ends,
    }
)
"""Shown only to staff with the money right."""

ABOUT_FAMILIES = frozenset(
    {
        TaskKind.second_assessment_late,
        TaskKind.case_waiting,
        TaskKind.help_unconfirmed,
        TaskKind.erasure_near,
    }
)
"""Shown only to staff with the families right: in a community, a single case may be a known neighbour."""


def right_to_see(kind: TaskKind) -> Right:
    if kind in ABOUT_FAMILIES:
        return Right.families
    return Right.money if kind in ABOUT_MONEY else Right.see


@dataclass(frozen=True, slots=True)
class Task:
    """`kind` and `subject` identify a task. `label`: of the gateway, or the name of what the task is about.

    `count`: of what the kind counts, or days left. `since`: start, or the latest occurrence. `gateway`: id, "" for a
    task about no gateway. `names`: of the subject in three languages; shown instead of `label`.
    """

    kind: TaskKind
    community: str
    subject: str
    label: str
    link: str
    count: int = 1
    since: datetime | None = None
    amount: Money | None = None
    beacon: str = ""
    names: Texts | None = None
    gateway: str = ""
