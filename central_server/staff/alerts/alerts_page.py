"""Show what waits for staff now, who took it on, and what ended lately."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.alerts.task_kinds import TaskKind, right_to_see
from central_server.staff.alerts.alert_wording import task_of
from central_server.staff.frame.page_frame import HtmlPage, Page, PageFrame, Redirect, Visitor
from central_server.store.accounts import audit_actions
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Alert
from central_server.store.engine.connection import Connection
from central_server.store.places import places

_AT = "/staff/alerts"
_ENDED_BACK = timedelta(days=7)
_MAX_NOTE = 300
_MAX_ENDED = 200
_PATHS = {Right.edit: "", Right.money: "/money", Right.families: "/families"}
"""Ends of the paths by the right to acknowledge."""


class AlertsPage:
    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame

    def routes(self) -> list[web.RouteDef]:
        """Alerts about money and families are acknowledged under paths of their own, which need those rights."""
        at = _AT + "/{alert:[0-9]{1,15}}"
        return [
            self._frame.page(_AT, self._list),
            *(self._frame.form(at + path, _acknowledgement(right), right) for right, path in _PATHS.items()),
        ]

    async def _list(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            waiting = await _visible(connection, visitor, await alerts.open_ones(connection, visitor.tops))
            since = visitor.now - _ENDED_BACK
            ended = await alerts.ended_since(connection, visitor.tops, since, _MAX_ENDED)
            ended = await _visible(connection, visitor, ended)
            around = await places.every(connection, visitor.tops)
            editable = {right: await _communities(connection, visitor.access.places(right)) for right in _PATHS}
        values = {
            "waiting": [(alert, task_of(alert), _path(alert, editable)) for alert in waiting],
            "ended": [(alert, task_of(alert)) for alert in ended],
            "may_govern": visitor.access.has(Right.govern),
            "now": visitor.now,
            "community_of": community_names(around),
        }
        return HtmlPage("alerts.html", values)


async def _visible(connection: Connection, visitor: Visitor, found: Sequence[Alert]) -> tuple[Alert, ...]:
    """Omit alerts of communities where the visitor has not the right to see them. The most urgent first."""
    allowed = {
        right: await _communities(connection, visitor.access.places(right))
        for right in (Right.see, Right.money, Right.families)
    }
    order = list(TaskKind)
    visible = [alert for alert in found if alert.community in allowed[right_to_see(TaskKind(alert.kind))]]
    return tuple(sorted(visible, key=lambda alert: order.index(TaskKind(alert.kind))))


def _right_to_acknowledge(alert: Alert) -> Right:
    right = right_to_see(TaskKind(alert.kind))
    return Right.edit if right is Right.see else right


async def _communities(connection: Connection, tops: Collection[str]) -> frozenset[str]:
    return frozenset(place.id for place in await places.every(connection, tops))


def _path(alert: Alert, editable: Mapping[Right, frozenset[str]]) -> str:
    """Return where the visitor acknowledges the alert; "" without the right to."""
    right = _right_to_acknowledge(alert)
    return f"{_AT}/{alert.id}{_PATHS[right]}" if alert.community in editable[right] else ""


def _acknowledgement(right: Right) -> Page:
    async def change(visitor: Visitor) -> Redirect:
        id_ = int(visitor.request.match_info["alert"])
        note = " ".join(visitor.form.get("note", "").split())[:_MAX_NOTE]
        async with visitor.database.write() as connection:
            alert = await alerts.get(connection, id_)
            if alert is None or _right_to_acknowledge(alert) is not right:
                raise web.HTTPNotFound
            await visitor.demand(connection, alert.community)
            account, before = visitor.access.account, alert.acknowledged_by or ""
            about = (alert.subject, alert.kind, alert.label, alert.beacon)
            action: audit_actions.AlertAction | None = None
            match visitor.form.get("action"):
                case "return":
                    if await alerts.give_back(connection, id_):
                        action = audit_actions.AlertReturned(*about, before)
                case "take_over":
                    if await alerts.take_over(connection, id_, account, note, visitor.now):
                        action = audit_actions.AlertTakenOver(*about, before, account)
                case _:
                    if await alerts.acknowledge(connection, id_, account, note, visitor.now):
                        action = audit_actions.AlertTaken(*about, note)
            if action is not None:
                await visitor.record(connection, alert.community, action)
        return Redirect(_AT)

    return change
