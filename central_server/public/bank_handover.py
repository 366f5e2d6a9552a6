"""How a bank's hand-over reaches the browser: an address, a form that posts itself, or a code."""

from aiohttp import web

from central_server.banks.port import Code, Form, Handover, Redirect
from kiosk_ui.giving_views import PhoneHandover
from sync_contract.money import Money
from sync_contract.project import Project


def handover_page(handover: Handover, project: Project, amount: Money, again: str) -> PhoneHandover:
    """The page to show; an address is no page, but raises HTTPSeeOther. `again`: where the gift is begun anew."""
    match handover:
        case Redirect(url):
            raise web.HTTPSeeOther(url)
        case Form(action, fields):
            return PhoneHandover(project, amount, again, action, fields)
        case Code(text):
            return PhoneHandover(project, amount, again, code=text)
