"""What waits for somebody now, who took it on, and what was over lately."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.alerts.tasks import ABOUT_MONEY, Matter
from central_server.staff.alerts.alert_wording import task_of
from central_server.staff.frame.page_frame import Desk, Onward, Page, Shown, Visitor
from central_server.store.accounts import audit_trail
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Alert
from central_server.store.engine.connection import Connection
from central_server.store.places import places

_AT = "/staff/alerts"
_OVER_FOR = timedelta(days=7)
_LONGEST_NOTE = 300
_MOST = 200


class AlertsPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Taking on what is about money is a deed of those who see to money."""
        alert = _AT + "/{alert:[0-9]{1,15}}"
        return [
            self._desk.page(_AT, self._list),
            self._desk.form(alert, _taking(about_money=False), Right.edit),
            self._desk.form(f"{alert}/money", _taking(about_money=True), Right.money),
        ]

    async def _list(self, visitor: Visitor) -> Shown:
        async with visitor.database.read() as connection:
            waiting = await _seen(connection, visitor, await alerts.open_ones(connection, visitor.tops))
            ended = await alerts.ended_since(connection, visitor.tops, visitor.now - _OVER_FOR, _MOST)
            over = await _seen(connection, visitor, ended)
            tops = {right: visitor.access.places(right) for right in (Right.edit, Right.money)}
            around = await places.every(connection, visitor.tops)
            may = {right: await _communities(connection, top) for right, top in tops.items()}
        values = {
            "waiting": [(alert, task_of(alert), _path(alert, may)) for alert in waiting],
            "over": [(alert, task_of(alert)) for alert in over],
            "may_govern": visitor.access.has(Right.govern),
            "now": visitor.now,
            "community_of": community_names(around),
        }
        return Shown("alerts.html", values)


async def _seen(connection: Connection, visitor: Visitor, found: Sequence[Alert]) -> list[Alert]:
    """What is about money only where the visitor sees to money; the gravest first."""
    money = await _communities(connection, visitor.access.places(Right.money))
    order = list(Matter)
    known = [alert for alert in found if alert.matter in order]
    seen = [alert for alert in known if Matter(alert.matter) not in ABOUT_MONEY or alert.community in money]
    return sorted(seen, key=lambda alert: order.index(Matter(alert.matter)))


async def _communities(connection: Connection, tops: Collection[str]) -> frozenset[str]:
    return frozenset(place.id for place in await places.every(connection, tops))


def _path(alert: Alert, may: dict[Right, frozenset[str]]) -> str:
    """Where the visitor says that they take it on; empty when that is not theirs to say."""
    about_money = Matter(alert.matter) in ABOUT_MONEY
    if alert.community not in may[Right.money if about_money else Right.edit]:
        return ""
    return f"{_AT}/{alert.id}/money" if about_money else f"{_AT}/{alert.id}"


def _taking(*, about_money: bool) -> Page:
    async def take(visitor: Visitor) -> Onward:
        id_ = int(visitor.request.match_info["alert"])
        note = " ".join(visitor.form.get("note", "").split())[:_LONGEST_NOTE]
        async with visitor.database.write() as connection:
            alert = await alerts.get(connection, id_)
            if alert is None or (alert.matter in {each.value for each in ABOUT_MONEY}) is not about_money:
                raise web.HTTPNotFound
            await visitor.demand(connection, alert.community)
            account = visitor.access.account
            subject = f"{alert.matter} {alert.subject}"
            if visitor.form.get("deed") == "back":
                if await alerts.give_back(connection, id_):
                    before = f"account: {alert.acknowledged_by}"
                    await audit_trail.record(connection, visitor.did("alert.back", alert.community, subject, before))
            elif visitor.form.get("deed") == "over":
                if await alerts.take_over(connection, id_, account, note, visitor.now):
                    moved = f"account: {alert.acknowledged_by} → {account}"
                    await audit_trail.record(connection, visitor.did("alert.over", alert.community, subject, moved))
            elif await alerts.acknowledge(connection, id_, account, note, visitor.now):
                await audit_trail.record(connection, visitor.did("alert.take", alert.community, subject, note))
        return Onward(_AT)

    return take
