"""Every view: what a page shows, a frozen value that a server's handlers make and `Pages` renders.

`template` names the file in templates/; `idle_s` is the time without a touch after which a kiosk forgets the
resident (0: nothing to forget); `live` says that the page follows `/live`.
"""

from kiosk_ui.board_views import BoardView
from kiosk_ui.components import ComponentsPage
from kiosk_ui.giving_views import AmountPage, Handoff, PhoneCode, PhoneGift, PhoneHandover, PhoneOutcome, Thanks
from kiosk_ui.hall_views import Attract, PhoneHall, PhoneProject, ProjectPage, ProjectsPage
from kiosk_ui.help_views import ComfortPage, ContactPage, HelpPage, PhoneHelpPage, PhonePrivacyPage, PrivacyPage
from kiosk_ui.notice_views import NoticePage
from kiosk_ui.site_views import SiteView
from kiosk_ui.slip_views import ReceiptPage

View = (
    Attract
    | ProjectsPage
    | ProjectPage
    | AmountPage
    | ComfortPage
    | HelpPage
    | PhoneHelpPage
    | ContactPage
    | PrivacyPage
    | PhonePrivacyPage
    | Handoff
    | Thanks
    | NoticePage
    | PhoneGift
    | PhoneHandover
    | PhoneOutcome
    | PhoneHall
    | PhoneProject
    | PhoneCode
    | ReceiptPage
    | SiteView
    | ComponentsPage
    | BoardView
)
