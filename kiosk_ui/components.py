"""Every component of the design on one page: for those who change the design, and for the test that watches it.

No server shows it; `python -m tests.browser.components --serve` does.
"""

from dataclasses import dataclass
from typing import ClassVar

from kiosk_ui.display_preferences import Look
from sync_contract.project import Project


@dataclass(frozen=True, slots=True)
class ComponentsPage:
    template: ClassVar[str] = "components"
    idle_s: ClassVar[int] = 0
    live: ClassVar[bool] = False

    projects: tuple[Project, ...]
    """At least one; the first with goal and paid money."""
    url: str
    """What the code holds."""
    look: Look
