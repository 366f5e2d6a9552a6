"""List claims of service without proof with their evidence, and confirm or decline them."""

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.receipts.sealed_data import SealBroken
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts.audit_actions import ClaimDecided, StaffNumberStated, VolunteersShown
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from daemonkit.i18n import marked as _
from volunteering.people.member_cookie import read_token
from volunteering.people.membership import Membership
from volunteering.records.claims import Claim, Verdict, decide, load, load_standing
from volunteering.rules.attendance import AROUND
from volunteering.rules.check_in_judgement import CheckInReason
from volunteering.rules.claims import ClaimProblem, ClaimState, confirmations_needed
from volunteering.rules.phone_number import read_mobile
from volunteering.rules.service_hours import uncounted_minutes
from volunteering.shift_wording import shift_day, shift_hours
from volunteering.store import attendances, claims, people
from volunteering.store.people import PersonState

_log = structlog.get_logger()
AT = "/staff/volunteers/claims"
_ONE = AT + "/{sign_up:[0-9a-f]{32}}"
_MAX_REASON = 120
_REASONS = {
    CheckInReason.in_time: _("proved by the screen"),
    CheckInReason.late: _("the code was older than 90 seconds"),
    CheckInReason.ahead: _("the screen's clock was ahead"),
    CheckInReason.clock_unsure: _("the screen's clock was not synchronised"),
}
_PROBLEMS = {
    ClaimProblem.decided: _("It was decided meanwhile. Nothing was changed."),
    ClaimProblem.unstated: _("First state at the end of the list of claims whether you are a volunteer yourself."),
    ClaimProblem.own: _("These are your own hours: another person must decide on them."),
    ClaimProblem.again: _("A second person must confirm it, with an account that is independent of the first one."),
    ClaimProblem.padded: _("Write the minutes to confirm: at least 1, and not more than were claimed."),
    ClaimProblem.overlap: _(
        "Another record of this person counts some of these minutes already. A minute counts once."
    ),
    ClaimProblem.reason: _("Write why, 120 characters at most, without a name."),
}
_STATES = {
    ClaimState.waiting: _("waits"),
    ClaimState.confirmed: _("confirmed"),
    ClaimState.declined: _("declined"),
}
_DONE = {
    "confirmed": _("Confirmed. The minutes count now, and the person sees it."),
    "waiting": _("Confirmed. A second person must confirm it too: it is more than 8 hours of one day."),
    "declined": _("Declined. The person sees why."),
    "stated": _("Saved."),
}
_BAD_NUMBER = _("This is not a mobile number of eleven digits.")
_BROKEN = _("The key that opens the volunteers' data is not the right one. Tell the installer: receipts.key.")


class ClaimsPage:
    """A GET shows no name: the name is on the answer of a form, whose look is recorded first."""

    def __init__(self, frame: PageFrame, membership: Membership) -> None:
        self._frame = frame
        self._membership = membership
        self._environment = membership.environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(AT, self._show_list, Right.see),
            frame.form(f"{AT}/own-number", self._state_number, Right.people),
            frame.page(_ONE, self._show, Right.see),
            frame.form(f"{_ONE}/name", self._show_name, Right.people),
            frame.form(f"{_ONE}/{{verdict:confirm|decline}}", self._decide, Right.people),
        ]

    async def _show_list(self, visitor: Visitor) -> HtmlPage:
        return await self._list(visitor)

    async def _list(self, visitor: Visitor, fault: str = "") -> HtmlPage:
        reader, now = visitor.language, visitor.now
        async with visitor.database.read() as connection:
            waiting = await claims.waiting(connection, visitor.tops, self._environment, now, now - AROUND)
            found = [claim for each in waiting if (claim := await load(connection, each, now)) is not None]
            around = await places.every(connection, visitor.tops)
            own = await claims.number_of(connection, visitor.access.account)
        rows = [(each, shift_day(each.listed.shift.times, reader), _evidence(each)) for each in found]
        values = {
            "rows": rows,
            "reasons": _REASONS,
            "community_of": community_names(around),
            "may_decide": visitor.access.has(Right.people),
            "own": own,
            "done": _DONE.get(visitor.request.query.get("done", ""), ""),
            "fault": fault,
            "typed": visitor.form.get("number", "")[:20] if fault else "",
        }
        return HtmlPage("volunteer_claims.html", values, 422 if fault else 200)

    async def _state_number(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Store which volunteer the person behind the account is: their own hours are for others to confirm."""
        typed = visitor.form.get("number", "").strip()
        mobile = read_mobile(typed)
        if typed and mobile is None:
            return await self._list(visitor, _BAD_NUMBER)
        hashed = "" if mobile is None else self._membership.seal.number_hash(mobile)
        async with visitor.database.write() as connection:
            await claims.state_number(connection, visitor.access.account, hashed, visitor.now)
            for place in visitor.tops:
                await visitor.record(connection, place, StaffNumberStated(visitor.access.account, bool(hashed)))
        return Redirect(f"{AT}?done=stated")

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            claim = await self._requested(connection, visitor)
            return await self._claim(visitor, connection, claim)

    async def _show_name(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.write() as connection:
            claim = await self._requested(connection, visitor)
            shift = claim.listed.shift
            label = claim.listed.activity.title[visitor.language]
            await visitor.record(connection, shift.community, VolunteersShown(shift.id, label, 1))
            person = (await people.of_ids(connection, [claim.person])).get(claim.person)
        name, fault = _("This person erased their data."), ""
        if person is not None and person.state == PersonState.active:
            try:
                name = self._membership.seal.open(person).name
            except SealBroken as error:
                _log.error("receipts.key", reason=str(error))
                name, fault = "", _BROKEN
        async with visitor.database.read() as connection:
            return await self._claim(visitor, connection, claim, name=name, fault=fault, status=503 if fault else 200)

    async def _decide(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Confirm or decline, and record it in the audit trail."""
        form, now = visitor.form, visitor.now
        declined = visitor.request.match_info["verdict"] == "decline"
        typed = form.get("minutes", "").strip()
        minutes = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 4 else -1
        reason = " ".join(form.get("reason", "").split())
        reason = reason if len(reason) <= _MAX_REASON and reason.isprintable() else ""
        async with visitor.database.read() as connection:
            claim = await self._requested(connection, visitor)
        shift, account = claim.listed.shift, visitor.access.account
        member = await self._membership.find(read_token(visitor.request), shift.community)
        async with visitor.database.write() as connection:
            verdict = Verdict(account, 0 if declined else minutes or -1, reason, member.id if member else "")
            result = await decide(connection, claim, verdict, now)
            if isinstance(result, ClaimProblem):
                status = 409 if result in (ClaimProblem.decided, ClaimProblem.again, ClaimProblem.own) else 422
                return await self._claim(visitor, connection, claim, fault=_PROBLEMS[result], status=status)
            step = "decline" if declined else "confirm"
            await visitor.record(
                connection, shift.community, ClaimDecided(claim.sign_up, step, 0 if declined else minutes, reason)
            )
        return Redirect(f"{AT}?done={result}")

    async def _claim(
        self,
        visitor: Visitor,
        connection: Connection,
        claim: Claim,
        *,
        name: str = "",
        fault: str = "",
        status: int = 200,
    ) -> HtmlPage:
        shift, reader = claim.listed.shift, visitor.language
        standing = await load_standing(connection, claim)
        free = uncounted_minutes(claim.span, standing.counted)
        values = {
            "claim": claim,
            "day": shift_day(shift.times, reader),
            "hours": shift_hours(shift.times, reader),
            "proved": await attendances.count_proved(connection, shift.id, claim.person),
            "counted": claim.minutes - free,
            "standing": standing,
            "states": _STATES,
            "needs_two": confirmations_needed(claim.minutes, standing.that_day) > 1,
            "may_decide": visitor.access.may(Right.people, await places.ancestors(connection, shift.community)),
            "stated": await claims.number_of(connection, visitor.access.account) is not None,
            "reasons": _REASONS,
            "name": name,
            "fault": fault,
            "typed": {key: visitor.form.get(key, "")[:_MAX_REASON] for key in ("minutes", "reason")},
            "section": AT,
        }
        return HtmlPage("volunteer_claim.html", values, status)

    async def _requested(self, connection: Connection, visitor: Visitor) -> Claim:
        """Raises HTTPNotFound."""
        claim = await load(connection, visitor.request.match_info["sign_up"], visitor.now)
        if claim is None or claim.arrived.environment != self._environment:
            raise web.HTTPNotFound
        await visitor.demand(connection, claim.arrived.community)
        return claim


def _evidence(claim: Claim) -> list[str]:
    """Return the reasons for which it is a claim."""
    scans = [claim.arrived] if claim.left is None else [claim.arrived, claim.left]
    return list(dict.fromkeys(each.reason for each in scans if each.reason != CheckInReason.in_time))
