"""Deeds about money in words: gifts and what was given back, what was spent, the bank's files, what was published."""

import re

from central_server.staff.accounts.audit_entry import Deed, Told
from central_server.staff.donations.gift_wording import NOT_POSSIBLE
from central_server.staff.reconciliation.reconciliation_wording import KINDS
from central_server.store.reconciliation.differences import DifferenceKind


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


def gift(deed: Deed) -> Told:
    """A refund, a receipt: by the project that was given to."""
    place, project = deed.reader.names.behind.get(deed.subject, ("", ""))
    name = deed.reader.names.project(place, project)
    ids = [deed.subject] if deed.subject else []
    details: list[str] = []
    asked = re.fullmatch(r"([0-9]+)\.([0-9]{2}) ([A-Z]{3})(?: of (\S+)|, asked for by (.*))", deed.detail)
    if asked is not None:
        details.append(deed.money(int(asked[1]) * 100 + int(asked[2]), asked[3]))
        ids += [asked[4]] if asked[4] else []
        if asked[5]:
            details.append(deed.say(_("asked for by %(account)s"), account=asked[5]))
    elif deed.detail in NOT_POSSIBLE:
        details.append(deed.say(NOT_POSSIBLE[deed.detail]))
    elif deed.line.action == "receipt.download":
        details.append(deed.say(_("Donors: %(count)s"), count=deed.detail))
    elif deed.line.action == "receipt.issue":
        details.append(deed.say(_("Number: %(number)s"), number=deed.detail))
    elif deed.detail:
        details.append(deed.detail)
    return Told(name, tuple(ids), tuple(details))


def disbursement(deed: Deed) -> Told:
    found = re.fullmatch(r"(\S+) (\S+): (.*) \((.*)\)", deed.detail, re.S)
    if found is None:
        return Told("", (deed.subject,), deed.plain())
    ids, last = [deed.subject], deed.say(_("for: %(payee)s"), payee=found[4])
    if moved := re.fullmatch(r"to ([a-z0-9-]{1,16})", found[4]):
        last = deed.say(_("to the project %(project)s"), project=deed.project(moved[1]) or moved[1])
    elif mended := re.fullmatch(r"corrects ([0-9a-f]{32})", found[4]):
        last = deed.say(_("corrects an earlier one"))
        ids.append(mended[1])
    return Told(deed.project(found[2]) or found[2], tuple(ids), (f"{_yuan(found[1], deed)} · {found[3]}", last))


def _yuan(text: str, deed: Deed) -> str:
    """`−¥1,234.50` as the reader writes it."""
    found = re.fullmatch(r"(\N{MINUS SIGN}?)¥([0-9,]+)(?:\.([0-9]{2}))?", text)
    if found is None:
        return text
    return found[1] + deed.money(int(found[2].replace(",", "")) * 100 + int(found[3] or 0))


def difference(deed: Deed) -> Told:
    kind, _gap, what = deed.subject.partition(" ")
    name = deed.say(KINDS[DifferenceKind(kind)]) if kind in list(DifferenceKind) else ""
    ids = (what or deed.subject,)
    detail = deed.detail
    if deed.line.action == "difference.post" and re.fullmatch(r"-?[0-9]+", detail):
        detail = ("\N{MINUS SIGN}" if detail.startswith("-") else "") + deed.money(abs(int(detail)))
    elif deed.line.action == "difference.came":
        detail = deed.say(_("in the bank's file of %(day)s"), day=detail)
    return Told(name, ids, (detail,) if detail else ())


def statement(deed: Deed) -> Told:
    bank, _gap, day = deed.subject.partition(" ")
    return Told(deed.say(_("The bank's file of %(day)s"), day=day), (bank,), (deed.detail,) if deed.detail else ())


def evidence(deed: Deed) -> Told:
    return Told(deed.subject, (), (deed.say(_("Gifts: %(count)s"), count=deed.detail),))


def disclosure(deed: Deed) -> Told:
    name = deed.project(deed.subject) or deed.subject
    noted = re.fullmatch(r"(\d{4}-\d\d-\d\d): (\d{4}-\d\d-\d\d) (.*)", deed.detail, re.S)
    corrected = re.fullmatch(r"(\d{4}-\d\d-\d\d): (.*)", deed.detail, re.S)
    details = [deed.detail]
    if noted is not None and deed.line.action == "disclosure.note":
        details = [deed.say(_("Due on %(due)s, published on %(day)s"), due=noted[1], day=noted[2]), noted[3]]
    elif corrected is not None:
        details = [deed.say(_("Due on %(due)s"), due=corrected[1]), corrected[2]]
    return Told(name, (deed.subject,), tuple(details))


def totals(deed: Deed) -> Told:
    return Told(_environment(deed, deed.subject), (), (" – ".join(deed.detail.split()),))


def books(deed: Deed) -> Told:
    places = [deed.reader.names.places.get(id_, id_) for id_ in deed.detail.split(", ") if id_ != "-"]
    details = (", ".join(places),) if places else ()
    return Told(deed.project(deed.subject) or deed.subject, (deed.subject,), details)


def month(deed: Deed) -> Told:
    return Told(deed.subject, (), (_environment(deed, deed.detail),))


def _environment(deed: Deed, text: str) -> str:
    return deed.say(_ENVIRONMENTS[text]) if text in _ENVIRONMENTS else text


_ENVIRONMENTS = {"drill": _("Drill"), "real": _("Real")}
