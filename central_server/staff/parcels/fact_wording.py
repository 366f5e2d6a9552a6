"""Word the facts of a record, its faults, and the differences between two contents of one record."""

from collections.abc import Callable, Sequence

from central_server.staff.frame.msgid import _

Facts = Sequence[tuple[str, Sequence[str], bool]]
"""Of each fact: its dotted name, a value for each content, and whether they differ."""
NAMES = {
    "id": _("Record"),
    "n": _("Sequence number"),
    "epoch": _("Numbering"),
    "created": _("Time on the gateway"),
    "clock": _("Time on the gateway"),
    "at": _("Time on the gateway"),
    "start": _("Time on the gateway"),
    "seconds": _("Duration"),
    "body": _("Content"),
    "kind": _("Kind"),
    "amount_minor": _("Amount"),
    "currency": _("Currency"),
    "project": _("Project"),
    "door": _("How it was opened"),
    "handoff": _("How it went to the phone"),
    "language": _("Language"),
    "environment": _("Drill or real"),
    "counts": _("Screen counts"),
    "places": _("Beacons on the walls"),
    "classes": _("Visits by tag"),
    "advertised": _("Own beacons"),
}
"""By a part of the dotted name; the last part in this table names the fact."""


def name(path: str, translate: Callable[[str], str]) -> str:
    """Return `Amount` for body.amount_minor; an unknown name stays as is, for the supplier."""
    parts = [part.partition("[")[0] for part in path.split(".")]
    known = next((part for part in reversed(parts) if part in NAMES and part != "body"), None)
    return path if known is None else translate(NAMES[known])


def differences(facts: Facts, translate: Callable[[str], str]) -> list[str]:
    """Return `金额 ¥50.00 ≠ ¥99.99` for each fact that differs, money first."""
    found = [(path, values) for path, values, differ in facts if differ]
    found.sort(key=lambda each: not each[0].endswith("amount_minor"))
    return [
        f"{name(path, translate)} {' ≠ '.join(dict.fromkeys(_value(path, value) for value in values))}"
        for path, values in found
    ]


def _value(path: str, value: str) -> str:
    if path.endswith("amount_minor") and value.isdigit():  # with fen, which may be the difference
        return f"¥{int(value) // 100:,}.{int(value) % 100:02d}"
    return value
