"""Word alert messages: what waits, why, and what to do, in the sentences of the overview (task_wording.html)."""

import html
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from central_server.alerts.morning_message import MorningItem, MorningWriter
from central_server.alerts.notifier import Message, MessageWriter
from central_server.alerts.task_kinds import Task, TaskKind
from central_server.staff.frame.render import StaffTemplates
from central_server.store.alerts.alerts import Alert
from sync_contract.money import Money
from sync_contract.project import Texts
from sync_contract.strict_model import Language


def task_of(alert: Alert) -> Task:
    return Task(
        TaskKind(alert.kind),
        alert.community,
        alert.subject,
        alert.label,
        alert.link,
        alert.count,
        alert.since,
        None if alert.amount_minor is None else Money(alert.amount_minor, alert.currency or ""),
        alert.beacon,
        None if alert.names is None else Texts.model_validate_json(alert.names),
        alert.gateway,
    )


def message_writer(templates: StaffTemplates, address: Callable[[], str]) -> MessageWriter:
    """`address`: returns the origin at which staff reach the pages."""

    def write(
        language: Language,
        new: Sequence[Alert],
        ended: Sequence[Alert],
        now: datetime,
        names: Mapping[str, Texts] = MappingProxyType({}),
        place: str = "",
    ) -> Message:
        communities = list(dict.fromkeys(alert.community for alert in new or ended))
        values = {
            "new": [task_of(alert) for alert in new],
            "ended": [task_of(alert) for alert in ended],
            "now": now,
            "address": address(),
            "test": False,
            "place": names.get(communities[0] if len(communities) == 1 else place),
            "communities": [names[each] for each in communities if each in names] if len(communities) > 1 else [],
            "names": names,
        }
        return _message(templates.html("alert.txt", language, **values))

    return write


def morning_writer(templates: StaffTemplates, address: Callable[[], str]) -> MorningWriter:
    """`address`: returns the origin at which staff reach the pages."""

    def write(
        language: Language,
        items: Sequence[MorningItem],
        more: int,
        now: datetime,
        names: Mapping[str, Texts],
        place: str,
    ) -> Message:
        tasks = [(task_of(item.alert), item) for item in items]
        values = {"tasks": tasks, "more": more, "now": now, "address": address(), "names": names, "place": place}
        return _message(templates.html("morning.txt", language, **values))

    return write


def write_test_message(templates: StaffTemplates, language: Language, place: Texts | None) -> Message:
    """`place`: of the channel; None for the whole server."""
    return _message(templates.html("alert.txt", language, place=place, test=True))


def _message(text: str) -> Message:
    """Read a template's text: the subject, then paragraphs, separated by empty lines. Undo the HTML escaping."""
    paragraphs = [html.unescape(" ".join(part.split(" "))).strip() for part in text.split("\n\n")]
    subject, *lines = [paragraph for paragraph in paragraphs if paragraph]
    return Message(" ".join(subject.split()), tuple(lines))
