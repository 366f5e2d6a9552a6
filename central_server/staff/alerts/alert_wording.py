"""Alerts in words: what is waiting, why, and what to do, as the overview says it too."""

import html
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from central_server.alerts.notifier import Message, Writer
from central_server.alerts.tasks import Matter, Task
from central_server.staff.frame.render import StaffTemplates
from central_server.store.alerts.alerts import Alert
from sync_contract.money import Money
from sync_contract.project import Texts
from sync_contract.strict_model import Language


def task_of(alert: Alert) -> Task:
    """Raises ValueError for a matter of a newer program."""
    amount = None if alert.amount_minor is None else Money(alert.amount_minor, alert.currency or "")
    return Task(
        Matter(alert.matter),
        alert.community,
        alert.subject,
        alert.gateway,
        alert.link,
        alert.count,
        alert.since,
        amount,
        alert.beacon,
        None if alert.names is None else Texts.model_validate_json(alert.names),
    )


def writer(templates: StaffTemplates, address: Callable[[], str]) -> Writer:
    """`address`: the origin under which staff reach the pages."""

    def write(
        language: Language,
        new: Sequence[Alert],
        over: Sequence[Alert],
        now: datetime,
        names: Mapping[str, Texts] = MappingProxyType({}),
        here: str = "",
    ) -> Message:
        values = {"new": [task_of(alert) for alert in new], "over": [task_of(alert) for alert in over]}
        about = list(dict.fromkeys(alert.community for alert in new or over))
        facts = {
            "now": now,
            "address": address(),
            "trial": False,
            "place": names.get(about[0] if len(about) == 1 else here),
            "about": [names[each] for each in about if each in names] if len(about) > 1 else [],
            "names": names,
        }
        return _message(templates.html("alert.txt", language, **values, **facts))

    return write


def trial(templates: StaffTemplates, language: Language, place: Texts | None) -> Message:
    """Only says that messages arrive. `place`: what is told there; None for the whole server."""
    return _message(templates.html("alert.txt", language, place=place, trial=True))


def _message(text: str) -> Message:
    """A template's text: the subject, then a paragraph each, an empty line between them. It is no HTML."""
    paragraphs = [html.unescape(" ".join(part.split(" "))).strip() for part in text.split("\n\n")]
    subject, *lines = [paragraph for paragraph in paragraphs if paragraph]
    return Message(" ".join(subject.split()), tuple(lines))
