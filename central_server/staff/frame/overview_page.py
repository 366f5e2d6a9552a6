"""Show the start page: gateways, undelivered records, the day's gifts and money, and waiting tasks."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from central_server.accounts.access import Right
from central_server.accounts.money_visibility import sees_money
from central_server.alerts.alert_reach import find_unreached
from central_server.alerts.outdated_gateways import find_outdated
from central_server.alerts.place_names import community_names
from central_server.alerts.tasks import PartTasks, find_tasks
from central_server.enrolment.gateway_status import GatewayStatus, SurveyedGateway, survey
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Visitor
from central_server.statistics.daily_summary import summarize_day
from central_server.statistics.event_times import day
from central_server.store.alerts import alerts
from central_server.store.ledger.ledger_lines import FIRST_PAYMENTS
from central_server.store.parcels import parcels
from central_server.store.places import overview, places
from central_server.store.statistics.figure_filter import FigureScope
from sync_contract.gateway_report import Hearing
from sync_contract.money import Money
from sync_contract.strict_model import Environment


class OverviewPage:
    """`of_parts`: tasks of the optional parts."""

    def __init__(self, frame: PageFrame, environment: Environment, of_parts: Sequence[PartTasks] = ()) -> None:
        self._frame = frame
        self._of_parts = of_parts
        self._environment = environment.value
        self._drill = environment is Environment.drill

    def routes(self) -> list[web.RouteDef]:
        return [self._frame.page("/staff/", self._show)]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        now, tops = visitor.now, visitor.tops
        async with visitor.database.read() as connection:
            surveyed = await survey(connection, tops, now)
            mine = {each.gateway.id for each in surveyed}
            gaps = [gap for gap in await parcels.gaps(connection, tops) if gap.gateway in mine]
            taken_on = {
                (alert.kind, alert.subject): alert
                for alert in await alerts.open_ones(connection, tops)
                if alert.acknowledged_at is not None
            }
            around = await places.every(connection, tops)
            posted = await overview.posted(connection, tops, self._environment, day(now))
            money_tops = visitor.access.places(Right.money)
            blind = not await sees_money(connection, visitor.access, tops)
            family_tops = visitor.access.places(Right.families)
            waiting = await find_tasks(
                connection,
                surveyed,
                tops,
                money_tops,
                self._environment,
                now,
                family_tops=family_tops,
                of_parts=self._of_parts,
            )
            today = await summarize_day(connection, FigureScope(tops), day(now), self._environment)
            unreached = await find_unreached(connection, tops)
            outdated = await find_outdated(connection, surveyed, now)
        paid = [entry for entry in posted if entry.kind in FIRST_PAYMENTS]
        total = Counter({"CNY": 0})
        for entry in paid:
            total[entry.currency] += entry.minor
        states = Counter(map(state, surveyed))
        return HtmlPage(
            "overview.html",
            {
                "now": now,
                "gateways": surveyed,
                "states": states,
                "well": states.get("up", 0) + (states.get("simulated", 0) if self._drill else 0),
                "backlog": sum(each.report.waiting for each in surveyed if each.report),
                "missing": sum(gap.highest - gap.stored for gap in gaps),
                "last_sync": _last_sync(surveyed),
                "unreached": unreached,
                "outdated": outdated,
                "governs": visitor.access.has(Right.govern),
                "tasks": sorted(waiting, key=lambda task: (task.kind, task.subject) in taken_on),
                "taken_on": taken_on,
                "community_of": community_names(around),
                "paid": [] if blind else [Money(minor, currency) for currency, minor in total.items()],
                "payments": sum(entry.lines for entry in paid),
                "today": today,
                "state": state,
            },
        )


def state(each: SurveyedGateway) -> str:
    """Return the most urgent state of a gateway."""
    if each.gateway.retired_at is not None:
        return "retired"
    if each.fork is not None:
        return "fork"
    if each.status is not GatewayStatus.up:
        return each.status.value
    if each.report is None:
        return "up"
    hearing = Hearing(each.report.hearing)
    if hearing is not Hearing.deaf and each.report.off_air_since is not None:
        return "off_air"
    return "up" if hearing is Hearing.proved else hearing.value


def _last_sync(surveyed: tuple[SurveyedGateway, ...]) -> datetime | None:
    return max((each.last_sync for each in surveyed if each.last_sync), default=None)
