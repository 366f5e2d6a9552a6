"""The details of a line of the audit trail in words: its keys and fixed values in the reader's language."""

import re
from collections.abc import Callable, Mapping

from central_server.staff.deeds import REASONS

Say = Callable[[str], str]


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


_KEYS = {
    "role": _("Role"),
    "label": _("Name"),
    "place": _("Place"),
    "account": _("Account"),
    "key": _("Key"),
    "keys": _("Keys"),
    "sessions": _("Sessions"),
    "failures": _("Wrong tries"),
    "status": _("State"),
    "name": _("Name"),
    "title": _("Title"),
    "phone": _("Telephone"),
    "amount": _("Amount"),
    "project": _("Project"),
}
_VALUES = {
    "viewer": _("Reader"),
    "staff": _("Staff member"),
    "finance": _("Finance"),
    "admin": _("Administrator"),
    "drill": _("Drill"),
    "real": _("Real"),
    "mail": _("E-mail"),
    "wecom": _("WeCom group"),
    "city": _("City"),
    "street": _("Street office"),
    "community": _("Community"),
    "site": _("Site"),
}
_COUNTS = re.compile(r"\+([0-9]+) ~([0-9]+)")
_IDS = re.compile(r"\b[0-9a-f]{16}\b")


def told(detail: str, say: Say, names: Mapping[str, str]) -> str:
    """`names`: of places and gateways, by id. What has no word stays as it was written."""
    if detail in REASONS:
        return say(REASONS[detail])
    plain = "; ".join(_part(part, say, names) for part in detail.split("; "))
    counted = say(_("added: %(added)s, changed: %(changed)s"))
    return _COUNTS.sub(lambda counts: counted % {"added": counts[1], "changed": counts[2]}, plain)


def subject(text: str, names: Mapping[str, str]) -> str:
    """A gateway by what it is called."""
    return _IDS.sub(lambda found: names.get(found[0], found[0]), text)


def _part(part: str, say: Say, names: Mapping[str, str]) -> str:
    key, colon, value = part.partition(": ")
    if not colon:
        return _sides(part, say, names)
    return f"{say(_KEYS[key]) if key in _KEYS else key}: {_sides(value, say, names)}"


def _sides(value: str, say: Say, names: Mapping[str, str]) -> str:
    return " → ".join(_value(side, say, names) for side in value.split(" → "))


def _value(value: str, say: Say, names: Mapping[str, str]) -> str:
    """A place may be called as a role is: the fixed words go first, for there are few of them."""
    first, gap, rest = value.partition(" ")
    if first in _VALUES:
        return say(_VALUES[first]) + gap + rest
    return names.get(value, value)
