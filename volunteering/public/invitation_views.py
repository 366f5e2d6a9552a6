"""The view of the page of an invitation."""

from dataclasses import dataclass

from kiosk_ui.views import View
from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class InvitationPage(View):
    """`state`: open, declined or ended. `until`: when it ends; `shown`: the code, in a drill; `fault`: "" for none."""

    template = "community_invitation"

    state: str
    community: Texts
    root: str
    action: str = ""
    until: str = ""
    shown: str = ""
    name: str = ""
    fault: str = ""
