"""Give a volunteer another number at the desk: the new number is proved by a code that is read out."""

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.receipts.sealed_data import SealBroken
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts.audit_actions import VolunteerNumberChanged
from central_server.store.engine.connection import Connection
from daemonkit.i18n import marked as _
from sync_contract.strict_model import Language
from volunteering.people.membership import Membership, SentCode
from volunteering.people.number_change import NumberProblem, change_number, find_active
from volunteering.rules.one_time_code import CodeProblem
from volunteering.rules.phone_number import hide_middle, read_mobile
from volunteering.store.people import Person

_log = structlog.get_logger()
_PEOPLE = "/staff/volunteers/people"
_AT = _PEOPLE + "/{person:[0-9a-f]{32}}/number"
_NO_NUMBER = _("This is not a mobile number of eleven digits.")
_BROKEN = _("The key that opens the volunteers' data is not the right one. Tell the installer: receipts.key.")
_KNOWN = _("Another member of this community has this number. If it is the same person, their records can be merged.")
_CODES = {
    CodeProblem.too_soon: _("A code was sent to this number a moment ago. Wait a minute."),
    CodeProblem.too_many: _("Too many codes were sent to this number today. Try tomorrow."),
    CodeProblem.busy: _("The server sent as many codes in this hour as it may. Try later."),
    CodeProblem.wrong: _("This code is wrong. After five tries a new one is needed."),
    CodeProblem.ended: _("This code is no longer valid. Send a new one."),
}


class NumberPage:
    def __init__(self, frame: PageFrame, membership: Membership) -> None:
        self._frame = frame
        self._membership = membership

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._show, Right.people),
            frame.form(_AT, self._send, Right.people),
            frame.form(f"{_AT}/confirm", self._confirm, Right.people),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            person = await self._requested(connection, visitor)
        return self._page(person, done="done" in visitor.request.query)

    async def _send(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            person = await self._requested(connection, visitor)
        mobile = read_mobile(visitor.form.get("number", ""))
        if mobile is None:
            return self._page(person, _NO_NUMBER)
        sent = await self._membership.send_code(person.community, mobile, Language(person.language))
        return (
            self._page(person, sent=sent, number=hide_middle(mobile))
            if isinstance(sent, SentCode)
            else self._page(person, _CODES[sent])
        )

    async def _confirm(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Change the number, if the code that was sent to the new one is right."""
        ticket, code = visitor.form.get("ticket", "")[:32], visitor.form.get("code", "")[:40]
        membership = self._membership
        try:
            async with visitor.database.write() as connection:
                person = await self._requested(connection, visitor)
                found = await membership.take_number(connection, person.community, ticket, code)
                problem: CodeProblem | NumberProblem | None
                problem = found if isinstance(found, CodeProblem) else None
                if problem is None:
                    account, now = visitor.access.account, visitor.now
                    problem = await change_number(connection, membership.seal, person, found, account, now)
                if problem is None:
                    await visitor.record(connection, person.community, VolunteerNumberChanged(person.id))
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return self._page(person, _BROKEN, status=503)
        if problem is CodeProblem.wrong:
            return self._page(person, _CODES[problem], sent=SentCode(ticket, ""))
        if problem is not None:
            return self._page(person, _KNOWN if isinstance(problem, NumberProblem) else _CODES[problem])
        return Redirect(f"{_PEOPLE}/{person.id}/number?done=1")

    async def _requested(self, connection: Connection, visitor: Visitor) -> Person:
        """Raises HTTPNotFound."""
        environment = self._membership.environment.value
        person = await find_active(connection, visitor.request.match_info["person"], environment)
        if person is None:
            raise web.HTTPNotFound
        await visitor.demand(connection, person.community)
        return person

    def _page(
        self,
        person: Person,
        fault: str = "",
        *,
        sent: SentCode | None = None,
        number: str = "",
        done: bool = False,
        status: int = 422,
    ) -> HtmlPage:
        values = {
            "person": person,
            "fault": fault,
            "sent": sent,
            "number": number,
            "done": done,
            "section": _PEOPLE,
        }
        return HtmlPage("volunteer_number.html", values, status if fault else 200)
