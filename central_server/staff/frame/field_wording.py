"""What the fields of records are called in the audit trail, and their fixed values: from `field: before → after`."""

from collections.abc import Callable, Mapping

from kiosk_ui.render import LANGUAGE_NAMES
from sync_contract.strict_model import Language

Say = Callable[[str], str]


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


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
    "failures": _("Wrong tries"),
    "filing": _("Number of the filed plan"),
    "gateway": _("What sends it"),
    "goal_yuan": _("Goal (yuan)"),
    "group": _("The group"),
    "groups": _("Groups"),
    "holder": _("Whose number it is"),
    "hours": _("Hours"),
    "id": _("Short id"),
    "key": _("Key"),
    "keys": _("Keys"),
    "kind": _("Kind"),
    "label": _("What it is called"),
    "major": "Major",
    "max_yuan": _("The most (yuan)"),
    "measured_power": _("Power at 1 m (dBm)"),
    "min_yuan": _("The least (yuan)"),
    "minor": "Minor",
    "name": _("What it is called"),
    "opens": _("First day"),
    "organisation": _("Organisation that raises the money"),
    "own_site": _("This server is declared as its own site of fundraising"),
    "payee": _("Who receives the money"),
    "pays_for": _("What an amount usually pays for"),
    "phone": _("Telephone"),
    "picture": _("Picture"),
    "place": _("Place"),
    "platform_url": _("Its page on a designated platform"),
    "position": _("Place in the order"),
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
"""Without the language that a text is in: `title_en` and `holder en` are `title` and `holder`."""
VALUES = {
    "kind": {"place": _("place"), "person": _("person")},
    "role": {
        "viewer": _("Reader"),
        "staff": _("Staff member"),
        "finance": _("Finance"),
        "admin": _("Administrator"),
    },
    "target": {
        "beacon": _("one beacon"),
        "group": _("a group of beacons"),
        "every": _("every place beacon"),
    },
    "zone": {"": _("does not matter"), "immediate": _("only right at it"), "near": _("only a few steps away")},
    **{field: {"": _("no"), "yes": _("yes")} for field in ("own_site", "withdrawn", "while_needed")},
}
WEEKDAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
_TAILS = {
    code: language for language in Language for code in (language.value, language.value.replace("-", "_").lower())
}
_NOTHING = "–"


def name(field: str, say: Say) -> str:
    """`Title (简体中文)` for title_zh_hans; a language alone is the name of a place in it. No word: as it is."""
    if field in _TAILS:
        return LANGUAGE_NAMES[_TAILS[field]]
    for tail, language in _TAILS.items():
        plain = field.removesuffix(f"_{tail}").removesuffix(f" {tail}")
        if plain != field and plain in NAMES:
            return f"{say(NAMES[plain])} ({LANGUAGE_NAMES[language]})"
    return say(NAMES[field]) if field in NAMES else field


def value(field: str, text: str, say: Say, named: Callable[[str, str], str]) -> str:
    """`named`: what the thing of an id is called, by the field that names it."""
    fixed = VALUES.get(field, {})
    if text in fixed:
        return say(fixed[text])
    if text in ("", _NOTHING):
        return _NOTHING
    if field == "weekdays" and text.isdecimal():
        return " ".join(say(WEEKDAYS[int(day) - 1]) for day in text if day in "1234567")
    if field == "picture":
        return say(_("a picture"))
    return named(field, text)


def line(told: str, say: Say, named: Callable[[str, str], str]) -> str:
    """One field's: what it was and what it is."""
    field, colon, values = told.partition(": ")
    if not colon:
        field, values = "", told
    sides = " → ".join(value(field, side, say, named) for side in values.split(" → "))
    return say(_("%(field)s: %(value)s")) % {"field": name(field, say), "value": sides} if field else sides


def lines(detail: str, say: Say, named: Callable[[str, str], str], *, plain: Mapping[str, str]) -> list[str]:
    """`plain`: details that are a word of their own. A record's changes stand on lines, other deeds' between
    semicolons. The id stands beside the name already."""
    if detail in plain:
        return [say(plain[detail])]
    parts = detail.split("\n") if "\n" in detail else detail.split("; ")
    return [line(part, say, named) for part in parts if part.strip() and not part.startswith("id: ")]
