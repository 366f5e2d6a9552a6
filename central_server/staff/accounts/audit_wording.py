"""A line of the audit trail in words: what the deed was done to, by its name, and its details without a code in them.

Lines stand for ever as they were written; so each form that any program of ours wrote is read here.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial

from central_server.alerts.tasks import Matter
from central_server.api.webhooks.events import EVENTS
from central_server.staff.accounts import audit_money_wording
from central_server.staff.accounts.audit_entry import Deed, Reader, Say, Told, thing
from central_server.staff.accounts.audit_names import Names
from central_server.staff.alerts.alert_titles import MATTERS
from central_server.staff.frame import field_wording
from central_server.store.accounts.audit_trail import AuditLine
from sync_contract.strict_model import Language


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


def told(line: AuditLine, reader: Reader) -> Told:
    """By the deed itself, else by what it was done to, else as it stands."""
    noun = line.action.partition(".")[0]
    how = _BY_DEED.get(line.action) or _BY_NOUN.get(noun) or _as_it_stands
    return how(Deed(line, reader))


def _as_it_stands(deed: Deed) -> Told:
    return Told(deed.subject, (), deed.plain())


def _account(deed: Deed) -> Told:
    return Told("" if deed.subject == deed.line.account else deed.subject, (), deed.plain())


def _place(deed: Deed) -> Told:
    name = deed.reader.names.places.get(deed.subject, "")
    added = re.fullmatch(r"(city|street|community|site)(?:: (.*) < (\S+))?", deed.detail)
    if added is None:
        return thing(deed, name)
    kind = deed.say(_KINDS[added[1]])
    where = deed.reader.names.places.get(added[3] or "", added[3] or "")
    return Told(name or added[2] or deed.subject, (deed.subject,), (f"{kind} < {where}" if where else kind,))


def _gateway(deed: Deed) -> Told:
    """The number of a key is no detail for people, and what it is called still is told once."""
    parts = [part for part in deed.detail.split("; ") if part]
    given = {name: value for name, _colon, value in (part.partition(": ") for part in parts)}
    label = deed.reader.names.gateways.get(deed.subject, "")
    name = label or ("" if " → " in given.get("label", "") else given.get("label", ""))
    again = f"label: {given.get('label', '')}" if name.endswith(given.get("label", "")) else ""
    shown = [part for part in parts if part != again and not part.startswith("key: ")]
    ids = ([deed.subject] if name else []) + [value for field, value in given.items() if field == "key"]
    details = [field_wording.line(part, deed.reader.say, deed.named) for part in shown]
    return Told(name or deed.subject, tuple(ids), tuple(details))


def _beacon(deed: Deed) -> Told:
    return thing(deed, deed.reader.names.beacons.get(deed.subject, ""))


def _of_project(deed: Deed) -> Told:
    return thing(deed, deed.project(deed.subject))


def _organisation(deed: Deed) -> Told:
    return thing(deed, deed.reader.names.organisation(deed.line.place, deed.subject))


def _import(deed: Deed) -> Told:
    found = re.fullmatch(r"(.*): \+([0-9]+) ~([0-9]+) ?(.*)", deed.detail, re.S)
    if found is None:
        return Told("", (), deed.plain())
    counted = deed.say(_("added: %(added)s, changed: %(changed)s"), added=found[2], changed=found[3])
    kept = found[4].split()
    called = [deed.reader.names.beacons.get(word) or deed.project(word) for word in kept]
    names = ", ".join(dict.fromkeys(name for name in called if name))
    details = (counted, names) if names else (counted,)
    return Told(found[1], tuple(kept), details)


def _token(deed: Deed) -> Told:
    made = re.fullmatch(r"(.*): ((?:read:\w+ ?)+), ([0-9]+) d", deed.detail)
    if made is None:
        return Told(deed.detail, (deed.subject,), ())
    scopes = ", ".join(deed.say(_SCOPES.get(scope, scope)) for scope in made[2].split())
    days = deed.say(_("valid for days: %(days)s"), days=made[3])
    return Told(made[1], (deed.subject,), (scopes, days))


def _alert(deed: Deed) -> Told:
    matter, _gap, about = deed.subject.partition(" ")
    words = about.split()
    called = [deed.reader.names.anything(word) or deed.project(word) for word in words]
    matters = [deed.say(MATTERS[Matter(matter)])] if matter in list(Matter) else [matter]
    name = " · ".join(dict.fromkeys([*matters, *(each for each in called if each)]))
    typed = (deed.detail,) if deed.detail else ()
    return Told(name, tuple(words), typed if deed.line.action == "alert.take" else deed.plain())


def _channel(deed: Deed) -> Told:
    kind, _gap, address = deed.detail.partition(" ")
    return Told(f"{deed.say(_CHANNELS[kind])} {address}" if kind in _CHANNELS else deed.detail, (deed.subject,), ())


def _webhook(deed: Deed) -> Told:
    url, *events = deed.detail.split()
    kept = deed.reader.names.webhooks.get(deed.subject, "")
    ids = [deed.subject]
    details: list[str] = []
    if deed.line.action == "webhook.again":
        ids.append(deed.detail)
    elif deed.line.action == "webhook.make":
        meant = {event.value: words for event, words in EVENTS.items()}
        details = [deed.say(meant[event]) if event in meant else event for event in events]
    elif not url.startswith(("http://", "https://")):  # this server stopped it, for what the receiver answered
        details = [deed.say(_("Nothing arrived for five days."))]
        ids.append(deed.detail)
    name = url if url.startswith(("http://", "https://")) else kept
    return Told(name or kept, tuple(ids), tuple(details))


def _file(deed: Deed) -> Told:
    kind = next((words for begin, words in _FILES.items() if deed.subject.startswith(begin)), "")
    return Told(deed.say(kind) if kind else deed.subject, (deed.subject,) if kind else (), deed.plain())


_KINDS = {"city": _("City"), "street": _("Street office"), "community": _("Community"), "site": _("Site")}
_CHANNELS = {"mail": _("E-mail"), "wecom": _("WeCom group")}
_SCOPES = {
    "read:log": _("the sync log"),
    "read:statistics": _("the statistics"),
    "read:catalogue": _("gateways, beacons and projects"),
}
_FILES = {
    "gifts": _("Gifts"),
    "ledger": _("Ledger"),
    "waiting-gifts": _("Gifts that wait for evidence"),
    "beacons": _("Beacons"),
    "projects": _("Projects"),
    "bindings": _("Bindings"),
    "reconciliation": _("Reconciliation"),
}
"""By how the names of files begin."""
_BY_NOUN: Mapping[str, Callable[[Deed], Told]] = {
    **dict.fromkeys(("session", "sessions", "account", "role", "password", "factor"), _account),
    "place": _place,
    **dict.fromkeys(("gateway", "key"), _gateway),
    "beacon": _beacon,
    **dict.fromkeys(("project", "binding"), _of_project),
    "organisation": _organisation,
    **dict.fromkeys(("beacons", "projects", "bindings"), _import),
    **dict.fromkeys(("refund", "receipt"), audit_money_wording.gift),
    "disbursement": audit_money_wording.disbursement,
    "difference": audit_money_wording.difference,
    "statement": audit_money_wording.statement,
    "disclosure": audit_money_wording.disclosure,
    "month": audit_money_wording.month,
    "token": _token,
    "alert": _alert,
    "channel": _channel,
    "webhook": _webhook,
    "file": _file,
}
_BY_DEED: Mapping[str, Callable[[Deed], Told]] = {
    "evidence.import": audit_money_wording.evidence,
    "books.totals": audit_money_wording.totals,
    "books.project": audit_money_wording.books,
}


def teller(say: Say, language: Language, names: Names) -> Callable[[AuditLine], Told]:
    """For a page."""
    return partial(told, reader=Reader(say, language, names))
