"""Word the fields of records and their fixed values, for the audit trail."""

from collections.abc import Callable, Mapping, Sequence

from central_server.staff.frame.msgid import _
from kiosk_ui.render import LANGUAGE_NAMES
from sync_contract.catalogue import Focus
from sync_contract.project import Drawing
from sync_contract.strict_model import Language

Translate = Callable[[str], str]

NAMES = {
    "about": _("About it"),
    "account": _("Account"),
    "amount": _("Amount"),
    "amounts_yuan": _("Amounts on the buttons (yuan)"),
    "area": _("Area of the plan"),
    "certificate": _("Number of the fundraising certificate"),
    "certificate_until": _("Valid until"),
    "closes": _("Last day"),
    "comment": _("Comment"),
    "drawing": _("Drawing"),
    "failures": _("Wrong tries"),
    "filing": _("Number of the filed plan"),
    "focus": _("What always stays visible"),
    "gateway": _("Which device sends it"),
    "goal_yuan": _("Goal (yuan)"),
    "group": _("The group"),
    "groups": _("Groups"),
    "holder": _("Owner of the number"),
    "hours": _("Hours"),
    "id": _("Short id"),
    "key": _("Key"),
    "keys": _("Keys"),
    "kind": _("Kind"),
    "label": _("Display name"),
    "major": "Major",
    "max_yuan": _("Largest gift (yuan)"),
    "measured_power": _("Power at 1 m (dBm)"),
    "min_yuan": _("Smallest gift (yuan)"),
    "minor": "Minor",
    "name": _("Display name"),
    "opens": _("First day"),
    "organisation": _("Organisation that raises the money"),
    "own_site": _("This server is declared as its own fundraising site"),
    "payee": _("Who receives the money"),
    "pays_for": _("What an amount usually pays for"),
    "phone": _("Telephone"),
    "picture": _("Picture"),
    "place": _("Place"),
    "platform_url": _("Its page on a designated platform"),
    "position": _("Position in the list"),
    "priority": _("Priority"),
    "project": _("Project"),
    "role": _("Role"),
    "sessions": _("Sessions"),
    "since": _("First day"),
    "status": _("State"),
    "story": _("The story"),
    "summary": _("In one sentence"),
    "tag_class": _("Class of a person's tag"),
    "target": _("When a visitor is near"),
    "title": _("Title"),
    "until": _("Last day"),
    "uuid": "UUID",
    "weekdays": _("Days"),
    "while_needed": _("Only until the project's goal is reached"),
    "withdrawn": _("Withdrawn"),
    "zone": _("How near"),
}
"""Titles by field, without its language: `title_en` is `title`."""
DRAWINGS: Mapping[str, str] = {
    Drawing.lane: _("Neighbours in the lane"),
    Drawing.meal: _("A hot meal brought to the door"),
    Drawing.reading: _("Reading after school"),
    Drawing.tea: _("Tea with a neighbour"),
    Drawing.lamp: _("A small repair at home"),
    Drawing.errand: _("Shopping carried home"),
    Drawing.walk: _("A walk in a wheelchair"),
    Drawing.haircut: _("A haircut in the lane"),
    Drawing.phone: _("Help with a mobile phone"),
    Drawing.music: _("Nanyin music together"),
    Drawing.garden: _("Caring for plants and the lane"),
}
FOCUSES: Mapping[str, str] = {
    Focus.top_left: _("top left"),
    Focus.top: _("top"),
    Focus.top_right: _("top right"),
    Focus.left: _("left"),
    Focus.centre: _("centre"),
    Focus.right: _("right"),
    Focus.bottom_left: _("bottom left"),
    Focus.bottom: _("bottom"),
    Focus.bottom_right: _("bottom right"),
}
VALUES: Mapping[str, Mapping[str, str]] = {
    "drawing": DRAWINGS,
    "focus": FOCUSES,
    "kind": {"place": _("place"), "person": _("person")},
    "role": {
        "viewer": _("Reader"),
        "staff": _("Staff member"),
        "finance": _("Finance"),
        "admin": _("Administrator"),
        "family": _("Family support"),
        "chief": _("Administration and finance"),
    },
    "target": {
        "beacon": _("one beacon"),
        "group": _("a group of beacons"),
        "every": _("every place beacon"),
    },
    "zone": {"": _("any distance"), "immediate": _("only right at it"), "near": _("only a few steps away")},
    **{field: {"": _("no"), "yes": _("yes")} for field in ("own_site", "withdrawn", "while_needed")},
}
WEEKDAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
_TAILS = {
    code: language for language in Language for code in (language.value, language.value.replace("-", "_").lower())
}


def name(field: str, translate: Translate) -> str:
    """Return `Title (简体中文)` for title_zh_hans; a language alone is a name in it. Unknown fields stay as is."""
    if field in _TAILS:
        return LANGUAGE_NAMES[_TAILS[field]]
    for tail, language in _TAILS.items():
        plain = field.removesuffix(f"_{tail}")
        if plain != field and plain in NAMES:
            return f"{translate(NAMES[plain])} ({LANGUAGE_NAMES[language]})"
    return translate(NAMES[field]) if field in NAMES else field


def value(field: str, text: str, translate: Translate, named: Callable[[str, str], str]) -> str:
    """`named`: returns the name that an id in that field refers to."""
    fixed = VALUES.get(field, {})
    if text in fixed:
        return translate(fixed[text])
    if text == "":
        return "–"
    if field == "weekdays" and text.isdecimal():
        return " ".join(translate(WEEKDAYS[int(day) - 1]) for day in text if day in "1234567")
    if field == "picture":
        return translate(_("a picture"))
    return named(field, text)


def field_line(field: str, values: Sequence[str], translate: Translate, named: Callable[[str, str], str]) -> str:
    """Return `Title: value`, or `Title: before → after` for two values."""
    worded = " → ".join(value(field, each, translate, named) for each in values)
    return translate(_("%(field)s: %(value)s")) % {"field": name(field, translate), "value": worded}
