"""Draft highlights, approve those of others, and withdraw them."""

from datetime import date

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.i18n import marked as _
from kiosk_ui.number_format import day
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment
from volunteering.highlights.approval import Draft, approve, draft, withdraw
from volunteering.highlights.highlight_form import HighlightFault, read_highlight
from volunteering.highlights.picture_process import MAX_UPLOAD_BYTES, shrink
from volunteering.people.sealed_person import PersonSeal
from volunteering.rules.highlights import (
    APPROVALS,
    Approval,
    ConsentState,
    HighlightState,
    Picture,
    PictureFault,
    picture_may_be_on_a_screen,
)
from volunteering.store import highlights
from volunteering.store.highlights import Highlight

_AT = "/staff/volunteers/highlights"
_ONE = _AT + "/{highlight:[0-9a-f]{32}}"
_FAULTS = {
    HighlightFault.needed: _("Please fill in this field."),
    HighlightFault.long: _("This text is too long, or has characters that cannot be shown."),
    HighlightFault.day: _("Choose a day of the last year, not a later one."),
    HighlightFault.mobile: _("One line is not a mobile number of eleven digits."),
    HighlightFault.people: _("Thirty people at most. Choose another picture."),
    HighlightFault.unreadable: _("This is no complete JPEG, PNG or WebP picture."),
    HighlightFault.too_large: _("This picture is too large: 12 MB and 40 million pixels at most."),
}


class HighlightsPage:
    def __init__(self, frame: PageFrame, seal: PersonSeal, environment: Environment) -> None:
        self._frame, self._seal = frame, seal
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._show_list, Right.see),
            frame.page(f"{_AT}/new", self._show_form, Right.edit),
            frame.upload(f"{_AT}/new", self._make, Right.edit, limit=MAX_UPLOAD_BYTES + 64 * 1024),
            frame.page(_ONE, self._show, Right.see),
            frame.page(f"{_ONE}.jpg", self._picture, Right.see),
            frame.form(f"{_ONE}/approve", self._approve, Right.edit),
            frame.form(f"{_ONE}/withdraw", self._withdraw, Right.edit),
        ]

    async def _show_list(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            found = await highlights.shown_below(connection, visitor.tops, self._environment)
            approvals = {each.id: await highlights.approvals_of(connection, each.id) for each in found}
            around = await places.every(connection, visitor.tops)
        rows = [(each, day(date.fromisoformat(each.day), visitor.language), len(approvals[each.id])) for each in found]
        values = {
            "rows": rows,
            "needed": APPROVALS,
            "community_of": community_names(around),
            "may_edit": visitor.access.has(Right.edit),
            "withdrawn": "withdrawn" in visitor.request.query,
        }
        return HtmlPage("volunteer_highlights.html", values)

    async def _show_form(self, visitor: Visitor) -> HtmlPage:
        return await self._form(visitor, {}, {})

    async def _form(self, visitor: Visitor, typed: dict[str, str], faults: dict[str, HighlightFault]) -> HtmlPage:
        async with visitor.database.read() as connection:
            communities = await places.every(connection, visitor.tops, PlaceKind.community)
        values = {
            "values": typed,
            "faults": {name: _FAULTS[fault] for name, fault in faults.items()},
            "communities": communities,
            "today": f"{visitor.now.astimezone(OFFICIAL_TIME).date()}",
            "section": _AT,
        }
        return HtmlPage("volunteer_highlight_new.html", values, 422 if faults else 200)

    async def _make(self, visitor: Visitor) -> HtmlPage | Redirect:
        typed = dict(visitor.form)
        sent = visitor.files.get("picture")
        upload = sent if sent is not None and sent.content else None
        today = visitor.now.astimezone(OFFICIAL_TIME).date()
        new, faults = read_highlight(typed, today, picture=upload is not None)
        if new is None:
            return await self._form(visitor, typed, faults)
        picture: Picture | None = None
        if upload is not None:
            made = await shrink(upload.content)
            if isinstance(made, PictureFault):
                return await self._form(visitor, typed, {"picture": HighlightFault(made.value)})
            picture = made
        async with visitor.database.write() as connection:
            await visitor.demand(connection, typed.get("place", ""))
            place = await places.get(connection, typed.get("place", ""))
            if place is None or place.kind is not PlaceKind.community:
                raise web.HTTPNotFound
            numbers = [self._seal.number_hash(each) for each in new.mobiles]
            drafted = Draft(place.id, self._environment, new.text, new.day, numbers, new.papers)
            made_now = await draft(connection, drafted, picture, visitor.access.account, visitor.now)
        return Redirect(f"{_AT}/{made_now.id}")

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            found = await self._requested(connection, visitor)
            consents = await highlights.consents_of(connection, found.id)
            approvals = await highlights.approvals_of(connection, found.id)
            pictured = found.id in await highlights.with_pictures(connection, [found.id])
        values = {
            "found": found,
            "day": day(date.fromisoformat(found.day), visitor.language),
            "pictured": pictured,
            "consents": consents,
            "agreed": sum(each.state == ConsentState.agreed for each in consents),
            "approvals": approvals,
            "needed": APPROVALS,
            "mine": any(each.account == visitor.access.account for each in approvals),
            "on_screen": pictured and picture_may_be_on_a_screen(approvals, len(consents)),
            "may_edit": visitor.access.has(Right.edit),
            "section": _AT,
        }
        return HtmlPage("volunteer_highlight.html", values)

    async def _picture(self, visitor: Visitor) -> FileDownload:
        async with visitor.database.read() as connection:
            found = await self._requested(connection, visitor)
            picture = await highlights.picture_of(connection, found.id)
        if picture is None:
            raise web.HTTPNotFound
        return FileDownload("picture.jpg", "image/jpeg", picture.large)

    async def _approve(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            found = await self._requested(connection, visitor, lock=True)
            approval = Approval(visitor.access.account, visitor.form.get("faceless") == "yes")
            await approve(connection, found, approval, visitor.now)
        return Redirect(f"{_AT}/{found.id}")

    async def _withdraw(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            found = await self._requested(connection, visitor, lock=True)
            await withdraw(connection, found, visitor.access.account, visitor.now)
        return Redirect(f"{_AT}?withdrawn=1")

    async def _requested(self, connection: Connection, visitor: Visitor, *, lock: bool = False) -> Highlight:
        """Raises HTTPNotFound, also for a withdrawn one."""
        wanted = visitor.request.match_info["highlight"]
        found = await highlights.get(connection, wanted, self._environment, lock=lock)
        if found is None or found.state == HighlightState.withdrawn:
            raise web.HTTPNotFound
        await visitor.demand(connection, found.community)
        return found
