"""The view that shows every component of the design on one page, for designers and tests; no server shows it."""

from dataclasses import dataclass

from kiosk_ui.display_preferences import DisplayPreferences
from kiosk_ui.views import View
from sync_contract.project import Project


@dataclass(frozen=True, slots=True)
class ComponentsPage(View):
    """`projects`: at least one; the first with goal and paid money. `url`: the content of the code."""

    template = "components"

    projects: tuple[Project, ...]
    url: str
    display: DisplayPreferences
