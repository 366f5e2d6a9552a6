"""The way of a gift in steps, as the flow tests take them."""

from tests.flow.page import Page
from tests.flow.visitor import Visitor, visitor


async def register(kiosk: Visitor, project: str = "elder-lunch", fen: int = 3000) -> str:
    """At the kiosk: project, amount; returns the address in the QR."""
    page = await kiosk.open(f"/project/{project}/amount")
    form = page.form("/give")
    handoff = await kiosk.submit(page, form, ("amount_fen", str(fen)))
    assert handoff.status == 200, handoff.text
    return handoff.link("http")


async def open_ticket(url: str) -> Page:
    """On the phone: the page behind the QR."""
    async with visitor(url) as phone:
        return await phone.open(url)


async def pay(url: str) -> Page:
    """On the phone: from the QR through the sandbox bank to the page after it."""
    async with visitor(url) as phone:
        ticket = await phone.open(url)
        assert ticket.status == 200, ticket.text
        bank = await phone.submit(ticket, ticket.form(""))
        assert bank.status == 200, bank.text
        return await phone.submit(bank, bank.form("/pay"))


async def staff_log(central: str, password: str, **filters: str) -> Page:
    """At the staff's desk: the sync log."""
    async with visitor(central) as staff:
        login = await staff.open("/staff/login")
        form = login.form("/staff/login")
        page = await staff.submit(login, form, name="staff", password=password)
        assert page.status == 200, page.text
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        return await staff.open(f"/staff/log?{query}" if query else "/staff/log")
