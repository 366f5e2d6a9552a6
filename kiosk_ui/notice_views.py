"""The page that says why the requested page is not available."""

from dataclasses import dataclass
from enum import StrEnum

from kiosk_ui.idle_times import IDLE_S
from kiosk_ui.views import View
from sync_contract.project import Project


class NoticeKind(StrEnum):
    """Why there is a notice instead of the requested page."""

    project_unknown = "project_unknown"
    permit_closed = "permit_closed"
    amount_out_of_range = "amount_out_of_range"
    store_unavailable = "store_unavailable"
    store_full = "store_full"
    backlog_full = "backlog_full"
    ticket_refused = "ticket_refused"
    ticket_other_environment = "ticket_other_environment"
    bank_unavailable = "bank_unavailable"
    elsewhere = "elsewhere"
    form_expired = "form_expired"
    restarted = "restarted"
    """The screen's program restarted and lost the gift that it showed."""
    not_found = "not_found"
    busy = "busy"
    fault = "fault"
    out_of_service = "out_of_service"


@dataclass(frozen=True, slots=True)
class NoticePage(View):
    """What happened, that nothing was paid, and what to do next. `back`: a path on this server, "" for no button."""

    template = "notice"
    usual_idle_s = IDLE_S

    kind: NoticeKind
    project: Project | None = None
    back: str = "/"
