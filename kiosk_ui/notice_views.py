"""A page that says why there is not the one that was asked for."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from kiosk_ui.idle_time import IDLE_S
from sync_contract.project import Project


class NoticeKind(StrEnum):
    """Why there is a notice instead of the page that was asked for."""

    project_unknown = "project_unknown"
    permit_closed = "permit_closed"
    amount_out_of_range = "amount_out_of_range"
    store_unavailable = "store_unavailable"
    ticket_refused = "ticket_refused"
    ticket_other_environment = "ticket_other_environment"
    bank_unavailable = "bank_unavailable"
    elsewhere = "elsewhere"
    form_expired = "form_expired"
    not_found = "not_found"
    busy = "busy"
    fault = "fault"
    out_of_service = "out_of_service"


@dataclass(frozen=True, slots=True)
class NoticePage:
    """What happened, that nothing was paid, and what to do next. `back`: a path on this server, "" for no button."""

    template: ClassVar[str] = "notice"
    idle_s: ClassVar[int] = IDLE_S
    live: ClassVar[bool] = False

    kind: NoticeKind
    project: Project | None = None
    back: str = "/"
