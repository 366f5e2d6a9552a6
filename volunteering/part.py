"""Describe this part to the central server and build its pages."""

from functools import partial
from pathlib import Path

from aiohttp import web

from central_server.accounts.access import Right
from central_server.parts import Part, PartContext, PartJob, RunningPart
from central_server.public.phone_pages.hall_page import HallLink
from central_server.staff.frame.menu import Entry, Group
from daemonkit.i18n import marked as _
from daemonkit.templates import PageSource
from sync_contract.project import Texts
from volunteering.activities.reminders import remind
from volunteering.activities.sign_up import lapse_offers
from volunteering.drill_records import fill_drill
from volunteering.merging.merge_people import finish_due
from volunteering.messages.outbox import Outbox
from volunteering.messages.senders import open_sender
from volunteering.people.inviting import expire
from volunteering.people.membership import Membership, forget
from volunteering.people.sealed_person import PersonSeal, check_key
from volunteering.public.activity_pages import ActivityPages
from volunteering.public.bulletin_api import BulletinApi
from volunteering.public.calendar_pages import CalendarPages
from volunteering.public.card_check_pages import CardCheckPages
from volunteering.public.card_pages import CardPages
from volunteering.public.check_in_pages import CheckInPages
from volunteering.public.figures_page import PublicFiguresPages
from volunteering.public.highlight_pages import HighlightPages
from volunteering.public.invitation_pages import InvitationPages
from volunteering.public.join_pages import JoinPages
from volunteering.public.login_card_pages import LoginCardPages
from volunteering.public.own_page import OwnPages
from volunteering.public.pool_pages import PoolPages
from volunteering.public.request_pages import RequestPages
from volunteering.public.willing_pages import WillingPages
from volunteering.records.record_service import record_ended
from volunteering.records.scan_retention import forget_scans
from volunteering.requests.act_on_request import close_unconfirmed
from volunteering.staff.activities_page import ActivitiesPage
from volunteering.staff.cards_page import CardsPage
from volunteering.staff.claims_page import ClaimsPage
from volunteering.staff.copy_week_page import CopyWeekPage
from volunteering.staff.desk_page import DeskPage
from volunteering.staff.dispatch_page import DispatchPage
from volunteering.staff.figures_page import FiguresPage
from volunteering.staff.highlights_page import HighlightsPage
from volunteering.staff.invitations_page import InvitationsPage
from volunteering.staff.merges_page import MergesPage
from volunteering.staff.messages_page import MessagesPage
from volunteering.staff.number_page import NumberPage
from volunteering.staff.own_unit_page import OwnUnitPage
from volunteering.staff.people_page import PeoplePage
from volunteering.staff.pool_page import PoolPage
from volunteering.staff.requests_page import StaffRequestsPage
from volunteering.staff.today_page import TodayPage
from volunteering.staff.unit_list_page import UnitListPage
from volunteering.staff.units_page import UnitsPage
from volunteering.staff_tasks import find_tasks
from volunteering.store.schema import SCHEMA

_FOLDER = Path(__file__).parent
_LOCALE = _FOLDER / "locale"
_ACTIVITIES = Texts.model_validate({"zh-Hans": "志愿活动", "zh-Hant": "志工活動", "en": "Volunteer activities"})


async def build(context: PartContext) -> RunningPart:
    """Raises SealBroken if people's data were sealed with another key, StateRefused for a sender's secret."""
    await check_key(context.database, context.seal)
    responder = context.responder
    seal, sender = PersonSeal(context.seal), open_sender(context.messages, context.mail)
    outbox = Outbox(
        context.database,
        seal,
        sender,
        context.environment,
        context.clock,
        context.address,
        context.messages.an_hour,
    )
    membership = Membership(context.database, seal, outbox, context.environment, context.clock)
    routes = [
        *ActivityPages(membership, responder).routes(),
        *CalendarPages(membership, context.address).routes(),
        *CardCheckPages(membership, responder).routes(),
        *CardPages(membership, responder, context.address).routes(),
        *CheckInPages(membership, responder).routes(),
        *InvitationPages(membership, responder).routes(),
        *JoinPages(membership, responder).routes(),
        *HighlightPages(membership, responder).routes(),
        *LoginCardPages(membership, responder).routes(),
        *OwnPages(membership, responder).routes(),
        *PoolPages(membership, responder).routes(),
        *RequestPages(membership, responder).routes(),
        *WillingPages(membership, responder).routes(),
        *DispatchPage(context.frame, context.environment).routes(),
        *ActivitiesPage(context.frame, context.environment).routes(),
        *StaffRequestsPage(context.frame, membership.seal, context.environment).routes(),
        *BulletinApi(context).routes(),
        *TodayPage(context.frame, context.environment).routes(),
        *HighlightsPage(context.frame, membership.seal, context.environment).routes(),
        *PublicFiguresPages(membership, responder).routes(),
        *CardsPage(context.frame, membership.seal, context.environment).routes(),
        *CopyWeekPage(context.frame, context.environment).routes(),
        *ClaimsPage(context.frame, membership).routes(),
        *FiguresPage(context.frame, context.environment).routes(),
        *DeskPage(context.frame, membership.seal, context.environment, context.address).routes(),
        *InvitationsPage(context.frame, membership.seal, context.environment, on_screen=outbox.on_screen).routes(),
        *MergesPage(context.frame, membership.seal, context.environment).routes(),
        *MessagesPage(context.frame, context.environment, on_screen=outbox.on_screen).routes(),
        *NumberPage(context.frame, membership).routes(),
        *PeoplePage(context.frame, membership.seal, context.environment).routes(),
        *_pool_routes(context, membership.seal),
    ]
    return RunningPart(routes, _jobs(context, outbox))


def _jobs(context: PartContext, outbox: Outbox) -> list[PartJob]:
    return [
        PartJob("volunteers.offers", partial(lapse_offers, context.database)),
        PartJob("volunteers.invitations", partial(expire, context.database), every_s=600.0),
        PartJob("volunteers.merges", partial(finish_due, context.database), every_s=600.0),
        PartJob("volunteers.records", partial(record_ended, context.database), every_s=60.0),
        PartJob("volunteers.requests", partial(close_unconfirmed, context.database), every_s=600.0),
        PartJob("volunteers.reminders", partial(remind, context.database), every_s=300.0),
        PartJob("volunteers.outbox", outbox.deliver_due, every_s=5.0),
        PartJob("volunteers.scans", partial(forget_scans, context.database), every_s=3600.0),
        PartJob("volunteers.sent_messages", outbox.forget, every_s=3600.0),
        PartJob("volunteers.codes", partial(forget, context.database), every_s=600.0),
    ]


def _pool_routes(context: PartContext, seal: PersonSeal) -> list[web.RouteDef]:
    return [
        *PoolPage(context.frame, seal, context.environment, context.address).routes(),
        *OwnUnitPage(context.frame, seal, context.environment, context.address).routes(),
        *UnitListPage(context.frame, seal, context.environment).routes(),
        *UnitsPage(context.frame, context.environment).routes(),
    ]


PART = Part(
    name="volunteering",
    schema=SCHEMA,
    phone_pages=PageSource(_FOLDER / "templates", _LOCALE),
    staff_pages=PageSource(_FOLDER / "staff_templates", _LOCALE),
    menus=(
        Group(
            _("Volunteers"),
            (
                Entry("/staff/volunteers/today", _("Today"), Right.see),
                Entry("/staff/volunteers/activities", _("Activities"), Right.see, also=("/staff/volunteers/shifts",)),
                Entry("/staff/volunteers/dispatch", _("Who can help when"), Right.see),
                Entry("/staff/volunteers/requests", _("Requests for help"), Right.see),
                Entry("/staff/volunteers/highlights", _("Beautiful moments"), Right.see),
                Entry("/staff/volunteers/messages", _("Messages"), Right.see),
            ),
        ),
        Group(
            _("Hours and cards"),
            (
                Entry("/staff/volunteers/claims", _("Hours without proof"), Right.see),
                Entry("/staff/volunteers/cards", _("Volunteer cards"), Right.people),
                Entry("/staff/volunteers/figures", _("Figures of service"), Right.see),
            ),
        ),
        Group(
            _("Members"),
            (
                Entry("/staff/volunteers/people", _("Find a volunteer"), Right.people),
                Entry("/staff/volunteers/desk", _("Register at the desk"), Right.people),
                Entry("/staff/volunteers/invitations", _("Invitations"), Right.people),
                Entry("/staff/volunteers/merges", _("Join two records"), Right.people),
                Entry("/staff/volunteers/pool", _("Talent pool"), Right.people),
                Entry("/staff/volunteers/units", _("Units"), Right.people),
                Entry("/staff/volunteers/own-unit", _("Members of my unit"), Right.unit),
            ),
        ),
    ),
    hall_link=HallLink("/community", _ACTIVITIES),
    build=build,
    find_tasks=find_tasks,
    fill_drill=fill_drill,
)
