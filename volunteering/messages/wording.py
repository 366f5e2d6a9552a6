"""Word messages to telephones, in the language of their reader. An SMS has little room: one or two short sentences."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from daemonkit.i18n import Catalogues
from daemonkit.i18n import marked as _
from kiosk_ui.number_format import moment
from sync_contract.project import Texts
from sync_contract.strict_model import Language
from volunteering.shift_wording import shift_day, shift_hours
from volunteering.store.activities import ListedShift
from volunteering.store.messages import Message, MessageKind

_CATALOGUES = Catalogues(Path(__file__).parents[1] / "locale")
_SUBJECTS = {
    MessageKind.code: _("Your code"),
    MessageKind.cancelled: _("An activity is cancelled"),
    MessageKind.offered: _("A place is free for you"),
    MessageKind.reminder: _("Your activity tomorrow"),
    MessageKind.asked: _("Can you help?"),
    MessageKind.invited: _("An invitation"),
    MessageKind.guardian: _("A child asks for your consent"),
    MessageKind.merging: _("Your volunteer record"),
    MessageKind.moved: _("Your volunteer record"),
}
_TEXTS = {
    MessageKind.code: _("%(community)s: your code is %(code)s, valid for ten minutes. Give it to nobody."),
    MessageKind.cancelled: _("%(community)s: %(title)s on %(day)s, %(hours)s, is cancelled. We are sorry."),
    MessageKind.offered: _(
        "%(community)s: a place is free for you: %(title)s, %(day)s, %(hours)s. Please confirm by %(until)s: %(link)s"
    ),
    MessageKind.reminder: _(
        "%(community)s: %(title)s, %(day)s, %(hours)s, %(meeting)s. If you cannot come, please tell us: %(link)s"
    ),
    MessageKind.asked: _(
        "%(community)s: people are missing: %(title)s, %(day)s, %(hours)s. Can you come? Please answer here: %(link)s"
    ),
    MessageKind.invited: _(
        "%(community)s invites you to volunteer. Nothing is stored unless you accept. Your code is %(code)s. Accept or "
        "decline: %(link)s"
    ),
    MessageKind.guardian: _(
        "%(community)s: a person under 18 wants to volunteer and names you as guardian. If you agree, type the code "
        "%(code)s on their page within ten minutes. If not, do nothing."
    ),
    MessageKind.merging: _(
        "%(community)s: two volunteer records, one with this number, are to become one. If they are not both yours, "
        "object by %(until)s: %(link)s"
    ),
    MessageKind.moved: _(
        "%(community)s: the volunteer record with this number now has another one. If you did not ask for it, tell the "
        "community office."
    ),
}


@dataclass(frozen=True, slots=True)
class Worded:
    subject: str
    text: str


def word_code(community: Texts, code: str, language: Language, kind: MessageKind = MessageKind.code) -> Worded:
    """`kind`: code, or guardian."""
    return _worded(kind, language, {"community": community[language], "code": code})


def word_invitation(community: Texts, code: str, link: str, language: Language) -> Worded:
    """`link`: the address of the page where the person answers."""
    return _worded(MessageKind.invited, language, {"community": community[language], "code": code, "link": link})


def word_moved(community: Texts, language: Language) -> Worded:
    return _worded(MessageKind.moved, language, {"community": community[language]})


def word_merging(community: Texts, until: datetime, link: str, language: Language) -> Worded:
    """`until`: when it takes effect. `link`: the address of the page where the person objects."""
    values = {"community": community[language], "until": moment(until, language), "link": link}
    return _worded(MessageKind.merging, language, values)


def word_notice(message: Message, community: Texts, listed: ListedShift, link: str) -> Worded:
    """`link`: the address of the page where the person answers."""
    language, times = Language(message.language), listed.shift.times
    values = {
        "community": community[language],
        "title": listed.activity.title[language],
        "meeting": listed.activity.meeting[language],
        "day": shift_day(times, language),
        "hours": shift_hours(times, language),
        "until": moment(message.useless_at, language),
        "link": link,
    }
    return _worded(MessageKind(message.kind), language, values)


def _worded(kind: MessageKind, language: Language, values: dict[str, str]) -> Worded:
    gettext = _CATALOGUES.gettext(language.value).gettext
    return Worded(gettext(_SUBJECTS[kind]), gettext(_TEXTS[kind]) % values)
