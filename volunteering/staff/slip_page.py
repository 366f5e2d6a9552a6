"""Build the page of a printed slip (報到單): its code leads the member to the own page of the talent pool."""

from central_server.staff.frame.page_frame import HtmlPage
from kiosk_ui.qr import qr_svg
from sync_contract.project import Texts
from volunteering.people.sealed_person import PersonSeal
from volunteering.pool.enlist import Listed
from volunteering.store.pool import Membership
from volunteering.store.units import Unit


def slip_address(origin: str, found: Membership) -> str:
    return f"{origin}/community/{found.community}/me/pool/{found.id}"


def slip_page(
    seal: PersonSeal, found: Membership, unit: Unit, community: Texts, origin: str, back: str, section: str
) -> HtmlPage:
    """Raises SealBroken."""
    values = {
        "listed": seal.open_membership(found.id, found.sealed, Listed),
        "unit": unit,
        "community": community,
        "picture": qr_svg(slip_address(origin, found)),
        "number": found.id[-8:],
        "back": back,
        "section": section,
    }
    return HtmlPage("volunteer_slip.html", values)
