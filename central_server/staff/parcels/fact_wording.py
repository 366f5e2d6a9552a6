"""What the facts of a record are called, for people, and where two contents of one record differ."""

from collections.abc import Callable, Sequence


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


Facts = Sequence[tuple[str, Sequence[str], bool]]
"""Of each fact its dotted name, a value for each content that came, and whether they differ."""
NAMES = {
    "id": _("Record"),
    "n": _("Sequence number"),
    "epoch": _("Numbering"),
    "created": _("Time on the gateway"),
    "clock": _("Time on the gateway"),
    "at": _("Time on the gateway"),
    "start": _("Time on the gateway"),
    "seconds": _("Length of time"),
    "body": _("Content"),
    "kind": _("Kind"),
    "amount_minor": _("Amount"),
    "currency": _("Currency"),
    "project": _("Project"),
    "door": _("How it was opened"),
    "handoff": _("How it went to the phone"),
    "language": _("Language"),
    "environment": _("Drill or real"),
    "counts": _("Counts of the screen"),
    "places": _("Beacons on the walls"),
    "classes": _("Visits by tag"),
    "advertised": _("Own beacons"),
}
"""By the last part of the name; the first part that has a word here names what is nested."""
_OUT_OF_RANGE = ("greater_than", "less_than", "too_long", "too_short", "out_of_range")


def name(path: str, say: Callable[[str], str]) -> str:
    """`Amount` for body.amount_minor; what has no word stays as it is, for the supplier."""
    parts = [part.partition("[")[0] for part in path.split(".")]
    known = next((part for part in reversed(parts) if part in NAMES and part != "body"), None)
    return path if known is None else say(NAMES[known])


def fault(detail: str, say: Callable[[str], str]) -> tuple[str, str]:
    """From `body.amount_minor missing` to the field in words, and missing, unknown, range or form."""
    path, _, word = detail.rpartition(" ")
    if word == "missing":
        kind = "missing"
    elif word == "extra_forbidden":
        kind = "unknown"
    else:
        kind = "range" if any(part in word for part in _OUT_OF_RANGE) else "form"
    return name(path, say), kind


def differences(facts: Facts, say: Callable[[str], str]) -> list[str]:
    """A line for each fact that differs: `金额 ¥50.00 ≠ ¥99.99`; money first."""
    found = [(path, values) for path, values, differ in facts if differ]
    found.sort(key=lambda each: not each[0].endswith("amount_minor"))
    return [
        f"{name(path, say)} {' ≠ '.join(dict.fromkeys(_value(path, value) for value in values))}"
        for path, values in found
    ]


def _value(path: str, value: str) -> str:
    if path.endswith("amount_minor") and value.isdigit():  # side by side, so with the fen that may differ
        return f"¥{int(value) // 100:,}.{int(value) % 100:02d}"
    return value
